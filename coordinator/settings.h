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
 * cannot change while it runs (listen, db, keys, http) is told so. docs/settings.md has all keys.
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
	char *from; /* of a mail; NULL: not given */
	/* By which the store, logs and messages know it, no two the same: "mail lab@example.org",
	 * "webhook chat" where it was given a name. A URL is often a secret: without a name it is
	 * its host and a hash of the rest, "webhook https://chat.example (5f3a91c2)". */
	char *name;
};

/* The kinds of notices that there are, ended by NULL. */
extern const char *const settings_notice_kinds[];

/* Times in which hosts get no runs. */
struct settings_window {
	char **hosts; /* names, each by itself: "lab[01-08]" of the file is eight */
	size_t hosts_n;
	char *cron, *timezone; /* when it begins; timezone NULL: the coordinator's */
	int64_t for_ns;
};

/* What of ended campaigns goes by itself, each day. */
struct settings_retention {
	int64_t older_than_ns; /* ABSENT: nothing goes */
	int64_t keep;          /* the last of each name that stay, however old */
	char *what;            /* as of `joulerig prune --what`; never NULL */
};

struct arena;

struct settings {
	char *listen, *db, *keys, *http; /* NULL: the file does not say */
	struct settings_channel *channels;
	size_t channels_n;
	char *sendmail; /* never NULL */
	struct settings_window *windows;
	size_t windows_n;
	struct settings_retention retention;
	struct arena *arena; /* all texts are in it */
};

/* Read and check a file; path may be NULL: all is as without one. Returns 0, or ERR_USAGE with what
 * is wrong in d; where the file itself cannot be read, err says so. A file with nothing but
 * comments is good. settings_done() in every case. */
int settings_read(struct settings *out, const char *path, struct diagnostics *d, struct error *err);
void settings_done(struct settings *s);

#endif
