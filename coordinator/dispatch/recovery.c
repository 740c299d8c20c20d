#include "coordinator/dispatch/recovery.h"

#include "coordinator/dispatch/trouble.h"
#include "proto/log.h"
#include "proto/units.h"
#include <ctype.h>
#include <errno.h>
#include <sys/statvfs.h>

struct recovery {
	struct recovery_config config;
	char *only; /* owned; NULL: all */
	struct dispatch *dispatch;
	struct trouble *trouble; /* NULL: none */
	int64_t retry_at_ns;
};

struct recovery *recovery_new(const struct recovery_config *config)
{
	struct recovery *r = xcalloc(1, sizeof *r);

	r->config = *config;
	if (r->config.retry_ns == 0)
		r->config.retry_ns = RECOVERY_RETRY_NS;
	r->dispatch = dispatch_new(&config->dispatch);
	return r;
}

void recovery_free(struct recovery *r)
{
	if (r == NULL)
		return;
	dispatch_free(r->dispatch);
	trouble_free(r->trouble);
	free(r->only);
	free(r);
}

void recovery_set_only(struct recovery *r, const char *only)
{
	char *copy = xstrdup_or_null(only);

	free(r->only);
	r->only = copy;
}

void recovery_set_settings(struct recovery *r, const struct settings *settings)
{
	r->config.dispatch.settings = settings;
	if (r->dispatch != NULL)
		dispatch_set_settings(r->dispatch, settings);
}

int recovery_load(struct recovery *r, const char *only, struct error *err)
{
	recovery_set_only(r, only);
	return dispatch_load(r->dispatch, r->only, err);
}

struct dispatch *recovery_dispatch(struct recovery *r)
{
	return r->dispatch;
}

/* ---- what is wrong ---- */

/* Whether room, a repair, or patience may change it. */
static bool may_mend(int code)
{
	switch (code) {
	case -ENOSPC:
	case -EDQUOT:
	case -EROFS:
	case -EIO:
	case -EACCES:
	case -EBUSY:
		return true;
	default:
		return false;
	}
}

/* "28 KiB free on /var/lib": of the folder that the store is in. */
static void add_room(const char *db, struct buf *out)
{
	const char *slash = strrchr(db, '/');
	_cleanup_free_ char *folder = slash == NULL ? xstrdup(".")
				      : slash == db ? xstrdup("/")
						    : xstrndup(db, (size_t)(slash - db));
	_cleanup_free_ char *real = realpath(folder, NULL);
	struct statvfs fs;
	char size[32];

	if (statvfs(folder, &fs) != 0)
		return;
	buf_addf(out, "; %s free on %s",
		units_format_size(size, (int64_t)fs.f_bavail * (int64_t)fs.f_frsize),
		real != NULL ? real : folder);
}

static void describe(const struct recovery *r, const struct error *err, struct buf *out)
{
	bool is_plain = err->code == -ENOSPC || err->code == -EDQUOT || err->code == -EROFS;
	const char *reason = is_plain ? strerror(-err->code) : err->text;
	char room[32];

	if (is_plain)
		buf_addf(out, "store: %s: %c%s", r->config.db, tolower((unsigned char)reason[0]),
			reason + 1);
	else
		buf_addf(out, "store: %s", reason);
	add_room(r->config.db, out);
	if (err->code == -ENOSPC || err->code == -EDQUOT)
		buf_addf(out, ", %s must be", units_format_size(room, STORE_ROOM_BYTES));
	buf_addf(out, "; trying again every %lld s", (long long)(r->config.retry_ns / NS_PER_S));
}

/* ---- in and out of trouble ---- */

static void come_into_trouble(struct recovery *r, int64_t now_ns, const struct error *err)
{
	const struct dispatch_config *d = &r->config.dispatch;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct buf report = BUF_INIT;
	struct id16 store;
	int64_t epoch;

	describe(r, err, &text);
	dispatch_abandon(r->dispatch, now_ns, text.data, &report);
	dispatch_free(r->dispatch);
	r->dispatch = NULL;
	d->ops->identity(d->store, &store, &epoch);
	r->trouble = trouble_new(&store, epoch, &report);
	trouble_say(r->trouble, text.data);
	r->retry_at_ns = now_ns + r->config.retry_ns;
	if (r->config.on_change != NULL)
		r->config.on_change(r->config.arg, text.data);
	log_error("%s", text.data);
}

static int begin_anew(struct recovery *r, struct error *err)
{
	const struct dispatch_config *d = &r->config.dispatch;
	int code = d->ops->reopen(d->store, err);

	if (code < 0)
		return code;
	r->dispatch = dispatch_new(d);
	code = dispatch_load(r->dispatch, r->only, err);
	if (code == 0)
		code = r->config.reconnect(r->config.arg, err);
	if (code < 0) {
		dispatch_free(r->dispatch);
		r->dispatch = NULL;
	}
	return code;
}

static void try_again(struct recovery *r, int64_t now_ns)
{
	struct error err = {0};

	if (begin_anew(r, &err) < 0) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		describe(r, &err, &text);
		trouble_say(r->trouble, text.data);
		r->retry_at_ns = now_ns + r->config.retry_ns;
		return;
	}
	trouble_free(r->trouble);
	r->trouble = NULL;
	log_info("store: %s can be written to again; all goes on", r->config.db);
	if (r->config.on_change != NULL)
		r->config.on_change(r->config.arg, NULL);
}

/* ---- turns of the loop ---- */

static void answer(struct recovery *r, const struct route *from, const char *public_key,
	const void *data, size_t len)
{
	const struct dispatch_config *d = &r->config.dispatch;
	const struct trusted_key *found = keyring_find(d->keyring, public_key);
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (found == NULL)
		return;
	const struct trusted_key who = *found;
	trouble_answer(r->trouble, &who, data, len, &out);
	if (out.len > 0)
		(void)d->send(d->arg, from, out.data, out.len);
}

void recovery_on_frame(struct recovery *r, int64_t now_ns, const struct route *from,
	const char *public_key, const void *data, size_t len)
{
	if (r->dispatch != NULL)
		dispatch_on_frame(r->dispatch, now_ns, from, public_key, data, len);
	else
		answer(r, from, public_key, data, len);
}

void recovery_tick(struct recovery *r, int64_t now_ns)
{
	if (r->dispatch == NULL && now_ns >= r->retry_at_ns)
		try_again(r, now_ns);
	if (r->dispatch != NULL)
		dispatch_tick(r->dispatch, now_ns);
}

void recovery_go_on(struct recovery *r, int64_t now_ns)
{
	if (r->dispatch != NULL)
		dispatch_go_on(r->dispatch, now_ns);
}

bool recovery_is_busy(const struct recovery *r)
{
	return r->dispatch != NULL && dispatch_is_busy(r->dispatch);
}

int recovery_flush(struct recovery *r, int64_t now_ns, struct error *err)
{
	if (r->dispatch == NULL)
		return 0;
	int code = dispatch_flush(r->dispatch, now_ns, err);
	if (code >= 0 || !may_mend(code))
		return code;
	come_into_trouble(r, now_ns, err);
	*err = (struct error){0};
	return 0;
}
