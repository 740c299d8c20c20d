#include "coordinator/commands/serve_settings.h"

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

/* A key whose value is used at the start alone. */
static void tell_fixed(const char *key, const char *before, const char *now)
{
	bool is_same = before == NULL || now == NULL ? before == now : strcmp(before, now) == 0;

	if (!is_same)
		log_warning("settings: '%s' is another now, which needs a restart; it stays %s%s%s",
			key, before != NULL ? "'" : "as it was", before != NULL ? before : "",
			before != NULL ? "'" : "");
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
	tell_fixed("listen", s->now.listen, now.listen);
	tell_fixed("db", s->now.db, now.db);
	tell_fixed("keys", s->now.keys, now.keys);
	tell_fixed("http", s->now.http, now.http);
	*before = s->now;
	s->now = now;
	log_info("settings: %s was read again: %zu way%s of notices, %zu maintenance window%s",
		s->path, now.channels_n, now.channels_n == 1 ? "" : "s", now.windows_n,
		now.windows_n == 1 ? "" : "s");
	return true;
}
