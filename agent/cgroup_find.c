/* Where the own cgroup is: the texts of /proc, without the machine. */
#include "agent/cgroup_parts.h"

#include <errno.h>

struct cgroup_mount {
	char *root;  /* owned; the part of the hierarchy that is mounted */
	char *point; /* owned */
};

/* Cut the next word off at *text; NULL at the end of the line. */
static char *next_word(char **text)
{
	char *word = *text;
	if (word == NULL || *word == '\0')
		return NULL;
	char *end = strchr(word, ' ');
	if (end != NULL)
		*end++ = '\0';
	*text = end;
	return word;
}

/* mountinfo writes a space, tab, newline and backslash as \ooo. In place. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0';) {
		bool is_octal = from[0] == '\\';
		for (int i = 1; i <= 3 && is_octal; i++)
			is_octal = from[i] >= '0' && from[i] <= '7';
		if (is_octal) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* A line of mountinfo: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD ...] - TYPE SOURCE ...".
 * Returns whether it is one of cgroup2. */
static bool parse_mount(char *line, struct cgroup_mount *out)
{
	char *fields[5], *word;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if ((fields[i] = next_word(&line)) == NULL)
			return false;
	}
	while ((word = next_word(&line)) != NULL && strcmp(word, "-") != 0)
		;
	if (word == NULL || (word = next_word(&line)) == NULL || strcmp(word, "cgroup2") != 0)
		return false;
	unescape(fields[3]);
	unescape(fields[4]);
	*out = (struct cgroup_mount){xstrdup(fields[3]), xstrdup(fields[4])};
	return true;
}

static void mount_done(struct cgroup_mount *m)
{
	free(m->root);
	free(m->point);
	*m = (struct cgroup_mount){0};
}

static bool begins_with_parent(const char *path)
{
	return strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\0');
}

/*
 * The directory of a cgroup within a mount, or NULL where it lies outside. Both paths are relative
 * to the root of our cgroup namespace, and begin with /.. where they lie outside of that.
 */
static char *path_in_mount(const struct cgroup_mount *m, const char *path)
{
	size_t len = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root);
	const char *rest = path + len;
	if (strncmp(path, m->root, len) != 0 || (*rest != '/' && *rest != '\0') ||
		begins_with_parent(rest))
		return NULL;
	if (strcmp(rest, "/") == 0)
		rest = "";
	return xasprintf("%s%s", strcmp(m->point, "/") == 0 ? "" : m->point, rest);
}

/* The line of version 2, "0::PATH": the path, owned, or NULL. */
static char *own_path(const char *own)
{
	for (const char *line = own; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');
		if (strncmp(line, "0::/", 4) == 0)
			return end != NULL ? xstrndup(line + 3, (size_t)(end - line) - 3)
					   : xstrdup(line + 3);
		line = end != NULL ? end + 1 : NULL;
	}
	return NULL;
}

char *cgroup_find(const char *own, const char *mounts, struct error *why)
{
	_cleanup_free_ char *path = own_path(own), *copy = xstrdup(mounts), *outside = NULL;
	char *found = NULL, *rest = copy, *line;
	if (path == NULL) {
		error_set(why, -ENOENT,
			"this system has control groups of version 1 alone: boot it with "
			"systemd.unified_cgroup_hierarchy=1 on the kernel's command line");
		return NULL;
	}
	while (found == NULL && (line = strsep(&rest, "\n")) != NULL) {
		struct cgroup_mount m;
		if (!parse_mount(line, &m))
			continue;
		found = path_in_mount(&m, path);
		if (outside == NULL && found == NULL)
			outside = xstrdup(m.point);
		mount_done(&m);
	}
	if (found == NULL && outside != NULL)
		error_set(why, -ENOENT,
			"the agent's control group %s lies outside of what is mounted at %s: give "
			"the container a cgroup namespace (docker run --cgroupns=private)",
			path, outside);
	else if (found == NULL)
		error_set(why, -ENOENT,
			"control groups of version 2 are not mounted: mount -t cgroup2 none "
			"/sys/fs/cgroup");
	return found;
}

bool cgroup_is_v1(const char *own, const char *controller)
{
	/* Lines "ID:CONTROLLER,CONTROLLER:PATH"; version 2 has none between the colons. */
	for (const char *line = own; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n'), *from = strchr(line, ':');
		const char *to = from != NULL ? strchr(from + 1, ':') : NULL;
		if (to != NULL && (end == NULL || to < end)) {
			_cleanup_free_ char *list = xstrndup(from + 1, (size_t)(to - from - 1));
			if (text_has_word(list, controller))
				return true;
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return false;
}

int64_t cgroup_value(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			char *end;
			errno = 0;
			long long value = strtoll(line + len + 1, &end, 10);
			return errno == 0 && end != line + len + 1 ? value : ABSENT;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return ABSENT;
}
