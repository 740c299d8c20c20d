/*
 * settings.h - what the administrator of a coordinator wants, in one YAML file: `joulerig serve
 * --settings FILE`
 *
 *	listen: tcp://0.0.0.0:7710
 *	db: /var/lib/joulerig/joulerig.db
 *	keys: /var/lib/joulerig/keys
 *	http: 127.0.0.1:7711
 *	notify:
 *	  - {webhook: "https://chat.example/hook"}
 *	  - {mail: lab@example.org, kinds: [regressed, failed]}
 *	  - {command: [/usr/local/bin/tell, --nightly]}
 *	maintenance:
 *	  - {hosts: ["lab[01-08]"], cron: "0 4 * * 0", timezone: Europe/Berlin, for: 2h}
 *	retention: {older_than: 90d, keep: 3, what: all}
 *
 * It is as strict as a campaign file: every mistake is told with line, column and the nearest word.
 * What is on the command line goes before what is in the file. It is read again at SIGHUP; what
 * cannot change while it runs (listen, db, keys, http) is told so.
 */
#ifndef COORDINATOR_SETTINGS_H
#define COORDINATOR_SETTINGS_H

#include "coordinator/campaign/campaign.h"

enum channel_kind { CHANNEL_WEBHOOK, CHANNEL_MAIL, CHANNEL_COMMAND };

/* A way by which notices go. */
struct settings_channel {
	enum channel_kind kind;
	char *target; /* URL, or address; of a command NULL */
	char **argv;  /* of a command, ended by NULL */
	char **kinds; /* of the notices that go this way; kinds_n 0: all */
	size_t kinds_n;
	char *name; /* "webhook https://chat.example/hook": by which the store knows it */
};

/* Times in which hosts get no runs. */
struct settings_window {
	char **hosts; /* names as in a campaign's `hosts.names`: "lab[01-08]" */
	size_t hosts_n;
	char *cron, *timezone; /* when it begins; timezone NULL: the coordinator's */
	int64_t for_ns;
};

/* What of ended campaigns goes by itself, each day. */
struct settings_retention {
	int64_t older_than_ns; /* ABSENT: nothing goes */
	int64_t keep;          /* the last of each name that stay, however old */
	char *what;            /* as of `joulerig prune --what` */
};

struct settings {
	char *listen, *db, *keys, *http; /* NULL: the file does not say */
	struct settings_channel *channels;
	size_t channels_n;
	struct settings_window *windows;
	size_t windows_n;
	struct settings_retention retention;
};

/* Read and check a file. Returns 0, or negative with d: ERR_USAGE; where the file itself cannot be
 * read, err says so. settings_done() in every case. */
int settings_read(
	struct settings *out, const char *path, struct diagnostics *d, struct error *err);
void settings_done(struct settings *s);

#endif
