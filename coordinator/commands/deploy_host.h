/*
 * deploy_host.h - one host on its way from a name on the command line to an agent that is connected
 *
 * Everything there is done by deploy.sh, which goes to `sh -s` over ssh; what the programs need is
 * streamed by tar. The agent makes its secret key there, and it stays there: what comes back is the
 * public one.
 */
#ifndef COORDINATOR_COMMANDS_DEPLOY_HOST_H
#define COORDINATOR_COMMANDS_DEPLOY_HOST_H

#include "proto/base.h"
#include "proto/error.h"
#include "proto/keys.h"

/* The same for all hosts. */
struct deploy {
	const char *ssh;         /* shell words */
	const char *coordinator; /* as the agents reach it */
	const char *keys;        /* its folder of keys */
	char server_key[Z85_KEY_LEN + 1];
	char *options; /* " --label a=b": of the agent; owned */
	char *files;   /* of tar, in shell words: what is sent; owned */
	bool is_user_service, is_package, with_sudo, is_dry_run, is_start;
	char *architecture; /* of this machine's programs, as `uname -m`; owned */
	int stop_fd;        /* readable: no more is begun, and what runs here is ended; -1: none */
};

enum deploy_result {
	DEPLOY_GOOD,
	DEPLOY_UNREACHED, /* ssh did not get there */
	DEPLOY_FAILED,
};

struct deploy_host {
	const char *login; /* as ssh takes it: "admin@lab02" */
	char *name;        /* by which the coordinator knows it; owned */
	enum deploy_result result;
	const char *step; /* that failed: "probe", "copy", "install", "enrol", "start" */
	char *reason;     /* why, and what to do (owned); NULL: good */
	char *was, *version, *note, *said; /* owned; NULL or "": not known */
	char *service;                     /* "systemd", "none": what starts it (owned) */
	bool is_changed, was_stopped;      /* was_stopped: its agent ran, and was ended for this */
	bool was_running;                  /* its agent is the one that ran before */
	int64_t started_at;                /* CLOCK_REALTIME; 0: not started */
};

/* "[NAME=][USER@]HOST" to name and login. Returns 0, or ERR_USAGE. */
int deploy_host_read(struct deploy_host *h, const char *typed, struct error *err);
void deploy_host_done(struct deploy_host *h);
bool deploy_is_stopped(const struct deploy *d);
/* All steps but waiting until it is connected; blocks, safe in a thread of its own. Fills result.
 */
void deploy_host_run(const struct deploy *d, struct deploy_host *h);
/* What its agent said last, into said; for one that does not connect. */
void deploy_host_ask(const struct deploy *d, struct deploy_host *h);
/* It failed in this step; reason is copied. */
void deploy_host_fail(struct deploy_host *h, enum deploy_result result, const char *step,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
