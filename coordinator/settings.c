#include "coordinator/settings.h"

#include "coordinator/campaign/read.h"
#include "coordinator/campaign/timezone.h"
#include "coordinator/campaign/yaml_write.h"
#include "coordinator/schedule/cron.h"
#include "coordinator/settings_schema.h"
#include "proto/link.h"
#include "proto/units.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>

#define SENDMAIL     "/usr/sbin/sendmail"
#define DEFAULT_KEEP 3

/* ---- who is told ---- */

/* "https://chat.example:8080" of a URL: neither who logs in there nor where it goes, which are
 * secrets often. */
static char *origin_of(struct arena *a, const char *url)
{
	const char *rest = strstr(url, "://") + 3;
	size_t len = strcspn(rest, "/?#");
	const char *login = memrchr(rest, '@', len);
	const char *host = login != NULL ? login + 1 : rest;

	return arena_printf(a, "%.*s%.*s", (int)(rest - url), url, (int)(rest + len - host), host);
}

static char *name_of_url(struct arena *a, const char *url)
{
	char *origin = origin_of(a, url), text[9];
	uint8_t hash[crypto_generichash_BYTES_MIN];

	if (strcmp(origin, url) == 0)
		return arena_printf(a, "webhook %s", url);
	crypto_generichash(hash, sizeof hash, (const unsigned char *)url, strlen(url), NULL, 0);
	return arena_printf(a, "webhook %s (%s)", origin, hex_encode(text, hash, 4));
}

static char *name_of_channel(
	struct arena *a, const struct node *n, const struct settings_channel *c)
{
	static const char *const words[] = {"webhook", "mail", "command"};
	const char *given = read_text(n, "name", NULL);
	_cleanup_buf_ struct buf command = BUF_INIT;

	if (given != NULL)
		return arena_printf(a, "%s %s", words[c->kind], given);
	if (c->kind == CHANNEL_WEBHOOK)
		return name_of_url(a, c->target);
	if (c->kind == CHANNEL_MAIL)
		return arena_printf(a, "mail %s", c->target);
	buf_adds(&command, "command");
	for (char **word = c->argv; *word != NULL; word++) {
		buf_addc(&command, ' ');
		buf_add_word(&command, *word);
	}
	return arena_strdup(a, command.data);
}

/* A program and its arguments; a single text is for the shell, as everywhere. */
static char **read_argv(struct arena *a, const struct node *n)
{
	char **argv;
	size_t count;

	if (n->kind == NODE_LIST) {
		argv = read_texts(a, n, &count);
		return argv;
	}
	argv = arena_array(a, 4, sizeof *argv);
	argv[0] = arena_strdup(a, "/bin/sh");
	argv[1] = arena_strdup(a, "-c");
	argv[2] = n->text;
	return argv;
}

/* Whether it is a way at all: exactly one of the three. */
static bool has_one_way(const struct node *n, struct diagnostics *d)
{
	size_t ways = (node_get(n, "webhook") != NULL) + (node_get(n, "mail") != NULL) +
		      (node_get(n, "command") != NULL);

	if (ways == 0 && !schema_has_typo(n, "webhook") && !schema_has_typo(n, "mail") &&
		!schema_has_typo(n, "command"))
		diag_error(d, n, "a way of 'notify' has no 'webhook', 'mail' or 'command'");
	if (ways > 1)
		diag_error(d, n,
			"a way of 'notify' has %zu of 'webhook', 'mail' and 'command'; each is an "
			"entry of its own: - {webhook: ...}",
			ways);
	if (ways == 1 && node_get(n, "from") != NULL && node_get(n, "mail") == NULL)
		diag_error(d, node_find(n, "from")->key, "'from' is for 'mail' alone");
	return ways == 1;
}

static void read_channel(struct settings *s, const struct node *n, struct diagnostics *d)
{
	struct settings_channel *c = &s->channels[s->channels_n];
	const struct node *command = node_get(n, "command");

	if (n->kind != NODE_MAP || !has_one_way(n, d) || d->errors > 0)
		return;
	c->kind = node_get(n, "webhook") != NULL ? CHANNEL_WEBHOOK
		  : command != NULL              ? CHANNEL_COMMAND
						 : CHANNEL_MAIL;
	c->target = (char *)read_text(n, c->kind == CHANNEL_WEBHOOK ? "webhook" : "mail", NULL);
	if (command != NULL)
		c->argv = read_argv(s->arena, command);
	c->kinds = read_texts(s->arena, node_get(n, "kinds"), &c->kinds_n);
	c->from = (char *)read_text(n, "from", NULL);
	c->name = name_of_channel(s->arena, n, c);
	for (size_t i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, c->name) == 0)
			diag_error(d, n, "'%s' stands in 'notify' twice; 'name' tells two apart",
				c->name);
	s->channels_n++;
}

static void read_channels(struct settings *s, const struct node *root, struct diagnostics *d)
{
	const struct node *n = node_get(root, "notify");

	s->sendmail = (char *)read_text(root, "sendmail", SENDMAIL);
	if (n == NULL || n->kind != NODE_LIST)
		return;
	s->channels = arena_array(s->arena, n->n, sizeof *s->channels);
	for (size_t i = 0; i < n->n; i++)
		read_channel(s, n->items[i], d);
}

/* ---- when hosts rest ---- */

/* As the `names` of a campaign's hosts. */
static void read_window_hosts(
	struct settings *s, struct settings_window *w, const struct node *n, struct diagnostics *d)
{
	struct reader r = {.arena = s->arena, .d = d};
	struct host_choice hosts = {0};

	read_hosts(&r, node_with(s->arena, NULL, "names", n), &hosts);
	w->hosts = hosts.names;
	w->hosts_n = hosts.names_n;
	if (n->kind == NODE_LIST && n->n == 0)
		diag_error(d, n, "'hosts' is empty, expected names of hosts");
}

static void check_times(const struct node *n, struct diagnostics *d)
{
	const struct node *cron = node_get(n, "cron"), *zone = node_get(n, "timezone");
	struct cron parsed;
	struct error err;
	char nearest[96];

	if (cron != NULL && cron->kind == NODE_SCALAR && cron->text[0] != '\0' &&
		cron_parse(cron->text, &parsed, &err) < 0)
		diag_error(d, cron, "'cron': %s", err.text);
	if (zone != NULL && zone->kind == NODE_SCALAR && zone->text[0] != '\0' &&
		!timezone_is_known(zone->text, nearest))
		diag_error(d, zone,
			"'timezone' is '%s', expected a time zone such as Europe/Berlin or UTC%s",
			zone->text, nearest);
}

static void read_windows(struct settings *s, const struct node *root, struct diagnostics *d)
{
	const struct node *n = node_get(root, "maintenance");

	if (n == NULL || n->kind != NODE_LIST)
		return;
	s->windows = arena_array(s->arena, n->n, sizeof *s->windows);
	for (size_t i = 0; i < n->n; i++) {
		const struct node *item = n->items[i], *hosts = node_get(item, "hosts");
		struct settings_window *w = &s->windows[s->windows_n];

		if (item->kind != NODE_MAP || hosts == NULL)
			continue;
		read_window_hosts(s, w, hosts, d);
		check_times(item, d);
		w->cron = (char *)read_text(item, "cron", NULL);
		w->timezone = (char *)read_text(item, "timezone", NULL);
		w->for_ns = read_duration(item, "for", 0);
		s->windows_n++;
	}
}

/* ---- the file ---- */

static void check_listen(const struct node *root, struct diagnostics *d)
{
	const struct node *listen = node_get(root, "listen");
	struct error err = {0};
	_cleanup_free_ char *endpoint = listen ? link_endpoint(listen->text, &err) : NULL;

	if (listen != NULL && endpoint == NULL)
		diag_error(d, listen, "%s", err.text);
}

static void read_settings_of(struct settings *s, const struct node *root, struct diagnostics *d)
{
	const struct node *retention = node_get(root, "retention");

	check_listen(root, d);
	s->listen = (char *)read_text(root, "listen", NULL);
	s->db = (char *)read_text(root, "db", NULL);
	s->keys = (char *)read_text(root, "keys", NULL);
	s->http = (char *)read_text(root, "http", NULL);
	read_channels(s, root, d);
	read_windows(s, root, d);
	s->retention = (struct settings_retention){
		.older_than_ns = read_duration(retention, "older_than", ABSENT),
		.keep = read_int(retention, "keep", DEFAULT_KEEP),
		.what = (char *)read_text(retention, "what", "all"),
	};
}

/* Nothing but comments and space: all of an example file may be commented out. */
static bool says_nothing(const char *text)
{
	while (*text != '\0') {
		text += strspn(text, " \t\r\n");
		if (*text == '#')
			text += strcspn(text, "\n");
		else if (*text != '\0')
			return false;
	}
	return true;
}

int settings_read(struct settings *out, const char *path, struct diagnostics *d, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = path != NULL ? buf_read_file(&text, AT_FDCWD, path, YAML_MAX_BYTES + 1) : 0;

	*out = (struct settings){.arena = arena_new()};
	if (r < 0 && r != -EFBIG)
		return error_set(err, ERR_USAGE, "settings: %s: %s", path, strerror(-r));
	if (text.len == strlen(text.data) && says_nothing(text.data)) {
		read_settings_of(out, NULL, d);
		return 0;
	}
	const struct node *root = yaml_read(text.data, text.len, out->arena, d);
	if (root != NULL && root->kind != NODE_MAP) {
		diag_error(d, root,
			"the settings are a mapping, such as 'listen: tcp://0.0.0.0:7710'");
	} else if (root != NULL) {
		schema_check(root, &schema_settings, "settings", d);
		read_settings_of(out, root, d);
	}
	diagnostics_sort(d);
	return d->errors > 0 ? ERR_USAGE : 0;
}

void settings_done(struct settings *s)
{
	arena_free(s->arena);
	*s = (struct settings){0};
}
