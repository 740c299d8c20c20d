#include "agent/uses.h"

#include "agent/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define HEX_LEN    (2 * sizeof(struct id16))
#define SUFFIX     ".ran"
#define FILE_LIMIT (16 * 1024 * 1024)

static void free_use(struct use *use)
{
	free(use->key);
	free(use->user);
	free(use->directory);
}

static void append(struct uses *u, const struct use *use)
{
	u->items = xreallocarray(u->items, u->n + 1, sizeof *u->items);
	u->items[u->n++] = (struct use){.campaign = use->campaign,
		.key = xstrdup(use->key),
		.user = xstrdup_or_null(use->user),
		.directory = xstrdup(use->directory),
		.is_private = use->is_private};
}

/* ---- the file of a campaign ---- */

static void parse_line(struct uses *u, const struct id16 *campaign, char *line)
{
	char *rest = line;
	char *key = strsep(&rest, " "), *kind = strsep(&rest, " "), *user = strsep(&rest, " ");

	if (strlen(key) != HEX_LEN || kind == NULL || user == NULL || rest == NULL ||
		rest[0] != '/')
		return;
	append(u, &(struct use){.campaign = *campaign,
			  .key = key,
			  .user = strcmp(user, "-") != 0 ? user : NULL,
			  .directory = rest,
			  .is_private = strcmp(kind, "private") == 0});
}

static void read_campaign(struct uses *u, int dir, const char *name)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char hex[HEX_LEN + 1];
	struct id16 campaign;

	memcpy(hex, name, HEX_LEN);
	hex[HEX_LEN] = '\0';
	if (!hex_decode(campaign.b, sizeof campaign.b, hex) ||
		buf_read_file(&text, dir, name, FILE_LIMIT) < 0)
		return;
	char *rest = text.data, *line;
	while ((line = strsep(&rest, "\n")) != NULL)
		parse_line(u, &campaign, line);
}

void uses_open(struct uses *u, const char *path)
{
	*u = (struct uses){.dir = xstrdup(path)};
	DIR *dir = opendir(path);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strlen(e->d_name) == HEX_LEN + strlen(SUFFIX) &&
			strcmp(e->d_name + HEX_LEN, SUFFIX) == 0)
			read_campaign(u, dirfd(dir), e->d_name);
	}
	closedir(dir);
}

void uses_close(struct uses *u)
{
	for (size_t i = 0; i < u->n; i++)
		free_use(&u->items[i]);
	free(u->items);
	free(u->dir);
	*u = (struct uses){0};
}

static void write_name(char out[HEX_LEN + sizeof SUFFIX], const struct id16 *campaign)
{
	hex_encode(out, campaign->b, sizeof campaign->b);
	strcpy(out + HEX_LEN, SUFFIX);
}

static int save(const struct uses *u, const struct id16 *campaign, struct error *err)
{
	char name[HEX_LEN + sizeof SUFFIX];
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_close_ int dir = open(u->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < u->n; i++) {
		const struct use *use = &u->items[i];
		if (id16_equal(&use->campaign, campaign))
			buf_addf(&text, "%s %s %s %s\n", use->key,
				use->is_private ? "private" : "shared",
				use->user != NULL ? use->user : "-", use->directory);
	}
	write_name(name, campaign);
	int r = dir < 0 ? -errno : state_file_replace(dir, name, text.data, text.len, 0600);
	return r < 0 ? error_set(err, r, "%s/%s: %s", u->dir, name, strerror(-r)) : 0;
}

/* ---- from outside ---- */

int uses_add(struct uses *u, const struct use *use, struct error *err)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct use *known = &u->items[i];
		if (id16_equal(&known->campaign, &use->campaign) &&
			strcmp(known->key, use->key) == 0 &&
			strcmp(known->directory, use->directory) == 0)
			return 0;
	}
	if (strchr(use->directory, '\n') != NULL)
		return error_set(err, -EINVAL, "workdir: there is a newline in its name");
	append(u, use);
	int r = save(u, &use->campaign, err);
	if (r < 0) {
		free_use(&u->items[--u->n]);
		return r;
	}
	return 1;
}

bool uses_has_key(const struct uses *u, const char *key)
{
	for (size_t i = 0; i < u->n; i++) {
		if (strcmp(u->items[i].key, key) == 0)
			return true;
	}
	return false;
}

void uses_forget(struct uses *u, const struct id16 *campaign)
{
	char name[HEX_LEN + sizeof SUFFIX];
	_cleanup_close_ int dir = open(u->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t kept = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (id16_equal(&u->items[i].campaign, campaign))
			free_use(&u->items[i]);
		else
			u->items[kept++] = u->items[i];
	}
	u->n = kept;
	write_name(name, campaign);
	if (dir >= 0)
		state_file_remove(dir, name);
}
