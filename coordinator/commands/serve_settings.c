#include "coordinator/commands/serve_settings.h"

#include "coordinator/campaign/arena.h"
#include "proto/log.h"
#include <stdio.h>

int serve_settings_read(struct settings *out, const char *path, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct diagnostics d = {0};
	int r = settings_read(out, path, &d, err);

	diagnostics_format(&d, path, &text);
	fputs(text.data, stderr);
	diagnostics_done(&d);
	return r;
}

/* A key whose value is used at the start alone, and stays in force: so is told each time. */
static void keep_fixed(struct arena *a, const char *key, const char *before, char **now)
{
	bool is_same = before == NULL || *now == NULL ? before == *now : strcmp(before, *now) == 0;

	if (!is_same)
		log_warning("settings: '%s' is another now, which needs a restart; it stays %s%s%s",
			key, before != NULL ? "'" : "as it was", before != NULL ? before : "",
			before != NULL ? "'" : "");
	*now = before != NULL ? arena_strdup(a, before) : NULL;
}

bool serve_settings_again(struct serve_settings *s, struct settings *before)
{
	struct error err = {0};
	struct settings now;

	if (s->path == NULL) {
		log_info("there are no settings to read again: it was started without --settings");
		return false;
	}
	if (serve_settings_read(&now, s->path, &err) < 0) {
		settings_done(&now);
		log_error("%s%s%s; it goes on with the settings that it had",
			err.text[0] != '\0' ? err.text : "settings: ",
			err.text[0] != '\0' ? "" : s->path,
			err.text[0] != '\0' ? "" : " is not good");
		return false;
	}
	keep_fixed(now.arena, "listen", s->now.listen, &now.listen);
	keep_fixed(now.arena, "db", s->now.db, &now.db);
	keep_fixed(now.arena, "keys", s->now.keys, &now.keys);
	keep_fixed(now.arena, "http", s->now.http, &now.http);
	*before = s->now;
	s->now = now;
	log_info("settings: %s was read again: %zu way%s of notices, %zu maintenance window%s",
		s->path, now.channels_n, now.channels_n == 1 ? "" : "s", now.windows_n,
		now.windows_n == 1 ? "" : "s");
	return true;
}
