#include "proto/keys.h"

#include "proto/base.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zmq.h>

#define SECRET_NAME   "secret-key"
#define SECRET_HEADER "joulerig-secret-key-v1"
#define TRUST_HEADER  "joulerig-trusted-key-v1"

/* For so long a key that was found is not looked for again: a stream of samples brings thousands of
 * frames a second. Few are read whole in a tenth of a millisecond, thousands are not, and right
 * after a change the directory is read at each look. */
#define FEW_KEYS           64
#define FRESH_FEW_NS       (2 * NS_PER_MS)
#define FRESH_MANY_NS      (20 * NS_PER_MS)
#define FRESH_UNSETTLED_NS (500 * NS_PER_MS)

static const char *const role_names[] = {
	[ROLE_NONE] = "none",
	[ROLE_AGENT] = "agent",
	[ROLE_VIEWER] = "viewer",
	[ROLE_USER] = "user",
};

const char *role_name(enum role r)
{
	return role_names[r];
}

enum role role_by_name(const char *text)
{
	for (size_t i = ROLE_AGENT; i < ARRAY_SIZE(role_names); i++)
		if (strcmp(role_names[i], text) == 0)
			return (enum role)i;
	return ROLE_NONE;
}

int keypair_generate(struct keypair *out, struct error *err)
{
	/* People type public keys as arguments: one that begins with a dash would look like an
	 * option. */
	do {
		if (zmq_curve_keypair(out->public_key, out->secret_key) != 0)
			return error_set(
				err, ERR_INTERNAL, "keys: this libzmq was built without CURVE");
	} while (out->public_key[0] == '-');
	return 0;
}

void keypair_wipe(struct keypair *k)
{
	sodium_memzero(k, sizeof *k);
}

bool key_is_valid(const char *text)
{
	uint8_t raw[32];

	return strlen(text) == Z85_KEY_LEN && zmq_z85_decode(raw, text) != NULL;
}

bool key_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 64 || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
			return false;
	return true;
}

char *keys_user_dir(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config != NULL && config[0] == '/')
		return xasprintf("%s/joulerig", config);
	return xasprintf("%s/.config/joulerig", home != NULL && home[0] ? home : "");
}

/* mkdir -p with mode 0700. */
static int make_dirs(const char *dir, struct error *err)
{
	_cleanup_free_ char *path = xstrdup(dir);

	for (char *p = path + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char c = *p;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EISDIR)
			return error_errno(err, "keys: cannot make %s", path);
		*p = c;
		if (c == '\0')
			return 0;
	}
}

/* A secret key that others can read is no secret: refuse it rather than go on. */
static int check_secret_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_errno(err, "keys: %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "keys: %s is no regular file", path);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return error_set(
			err, -EPERM, "keys: %s belongs to another user (uid %u)", path, st.st_uid);
	if (st.st_mode & 077)
		return error_set(err, -EPERM,
			"keys: others may read %s; run 'chmod 600 %s', or remove it for a new key",
			path, path);
	return 0;
}

int keypair_load(struct keypair *out, const char *dir, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, SECRET_NAME);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[128] = "";

	if (fd < 0)
		return error_errno(err, "keys: %s", path);
	int r = check_secret_file(fd, path, err);
	if (r < 0)
		return r;
	ssize_t n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return error_errno(err, "keys: %s", path);
	int ok = sscanf(text, SECRET_HEADER " %40[^\n]", out->secret_key) == 1 &&
		 key_is_valid(out->secret_key) &&
		 zmq_curve_public(out->public_key, out->secret_key) == 0;
	sodium_memzero(text, sizeof text);
	if (!ok)
		return error_set(
			err, -EINVAL, "keys: %s holds no key; remove it for a new one", path);
	return 0;
}

/* Written under another name and linked, so that two programs starting at once end up with one key.
 */
static int create_secret(const struct keypair *k, const char *dir, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, SECRET_NAME);
	_cleanup_free_ char *temporary = xasprintf("%s/.%s.%d", dir, SECRET_NAME, (int)getpid());
	_cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = 0;

	if (fd < 0)
		return error_errno(err, "keys: cannot make %s", temporary);
	if (dprintf(fd, SECRET_HEADER " %s\n", k->secret_key) < 0 || fsync(fd) != 0)
		r = error_errno(err, "keys: cannot write %s", temporary);
	else if (link(temporary, path) != 0 && errno != EEXIST)
		r = error_errno(err, "keys: cannot make %s", path);
	unlink(temporary);
	return r;
}

int keypair_load_or_create(struct keypair *out, const char *dir, struct error *err)
{
	int r = keypair_load(out, dir, err);

	if (r != -ENOENT)
		return r;
	if (err != NULL)
		*err = (struct error){0};
	if ((r = make_dirs(dir, err)) < 0 || (r = keypair_generate(out, err)) < 0 ||
		(r = create_secret(out, dir, err)) < 0)
		return r;
	return keypair_load(out, dir, err);
}

int keys_trust(const char *dir, const char *name, const char *public_key, enum role role,
	struct error *err)
{
	_cleanup_free_ struct trusted_key *list = NULL;
	size_t n = 0;

	if (!key_name_is_valid(name))
		return error_set(err, ERR_USAGE,
			"keys: '%s' is no name; letters, digits, '.', '_' and '-' make one", name);
	if (!key_is_valid(public_key))
		return error_set(err, ERR_USAGE,
			"keys: '%s' is no public key; expected the 40 characters that 'key show' "
			"prints",
			public_key);
	_cleanup_free_ char *trusted = xasprintf("%s/trusted", dir);
	int r = make_dirs(trusted, err);
	if (r < 0 || (r = keys_list(dir, &list, &n, err)) < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		bool same_name = strcmp(list[i].name, name) == 0;
		bool same_key = strcmp(list[i].public_key, public_key) == 0;
		if (same_name != same_key)
			return error_set(err, -EEXIST,
				"keys: %s already trusts %s as '%s'; 'joulerig key revoke %s' "
				"takes that back",
				dir, same_key ? "this key" : "another key", list[i].name,
				list[i].name);
	}
	_cleanup_free_ char *path = xasprintf("%s/%s", trusted, name);
	_cleanup_free_ char *temporary = xasprintf("%s/.%s.new", trusted, name);
	_cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, TRUST_HEADER " %s %s\n", role_name(role), public_key) < 0 ||
		fsync(fd) != 0 || rename(temporary, path) != 0)
		return error_errno(err, "keys: cannot write %s", path);
	return 0;
}

static int read_trusted(
	const char *directory, const char *name, struct trusted_key *out, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	_cleanup_buf_ struct buf text = BUF_INIT;
	char role[16], key[Z85_KEY_LEN + 1];
	int r = buf_read_file(&text, AT_FDCWD, path, 4096);

	if (r < 0)
		return error_set(err, r, "keys: %s: %s", path, strerror(-r));
	if (sscanf(text.data, TRUST_HEADER " %15s %40s", role, key) != 2 || !key_is_valid(key) ||
		role_by_name(role) == ROLE_NONE || !key_name_is_valid(name))
		return error_set(err, -EINVAL,
			"keys: %s is no trusted key; expected '" TRUST_HEADER " ROLE KEY'", path);
	memcpy(out->name, name, strlen(name) + 1);
	memcpy(out->public_key, key, sizeof key);
	out->role = role_by_name(role);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct trusted_key *)a)->name, ((const struct trusted_key *)b)->name);
}

/* A file that could not be read now says nothing of its key. */
static bool is_passing(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOMEM || code == -EIO;
}

/* With skipped, files that are no key are left out, and their errors gathered there. */
static int list_keys(const char *dir, struct trusted_key **out, size_t *n, struct buf *skipped,
	struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/trusted", dir);
	struct trusted_key *list = NULL;
	const struct dirent *e;
	int r = 0;

	*out = NULL;
	*n = 0;
	DIR *d = opendir(path);
	if (d == NULL)
		return errno == ENOENT ? 0 : error_errno(err, "keys: %s", path);
	while (r == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		list = xreallocarray(list, *n + 1, sizeof *list);
		r = read_trusted(path, e->d_name, &list[*n], err);
		*n += r == 0;
		if (r < 0 && skipped != NULL && !is_passing(r)) {
			buf_addf(skipped, "%s%s", skipped->len ? "; " : "", err->text);
			r = 0;
		}
	}
	closedir(d);
	if (r < 0) {
		free(list);
		*n = 0;
		return r;
	}
	if (*n > 0)
		qsort(list, *n, sizeof *list, by_name);
	*out = list;
	return 0;
}

int keys_list(const char *dir, struct trusted_key **out, size_t *n, struct error *err)
{
	return list_keys(dir, out, n, NULL, err);
}

struct keyring {
	char *warned;             /* what was said of bad files, so that it is said once */
	char *dir;                /* NULL: nothing but what keyring_add() gave */
	struct timespec mtime;    /* of DIR/trusted when it was read */
	struct trusted_key *list; /* from files, by name */
	size_t n;
	const struct trusted_key **by_key; /* the same; owned */
	int64_t looked_ns;                 /* CLOCK_MONOTONIC of the last look */
	struct trusted_key *added;         /* by keyring_add() */
	size_t added_n;
};

struct keyring *keyring_open(const char *dir)
{
	struct keyring *k = xcalloc(1, sizeof *k);

	k->dir = xstrdup_or_null(dir);
	return k;
}

void keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	free(k->dir);
	free(k->warned);
	free(k->list);
	free(k->by_key);
	free(k->added);
	free(k);
}

void keyring_add(struct keyring *k, const char *name, const char *public_key, enum role role)
{
	k->added = xreallocarray(k->added, k->added_n + 1, sizeof *k->added);
	struct trusted_key *t = &k->added[k->added_n++];
	*t = (struct trusted_key){.role = role};
	snprintf(t->name, sizeof t->name, "%s", name);
	snprintf(t->public_key, sizeof t->public_key, "%s", public_key);
}

static int by_public_key(const void *a, const void *b)
{
	const struct trusted_key *const *x = a, *const *y = b;

	return strcmp((*x)->public_key, (*y)->public_key);
}

static void take_list(struct keyring *k, struct trusted_key *list, size_t n)
{
	free(k->list);
	free(k->by_key);
	k->list = list;
	k->n = n;
	k->by_key = xcalloc(n + 1, sizeof(struct trusted_key *));
	for (size_t i = 0; i < n; i++)
		k->by_key[i] = &list[i];
	qsort(k->by_key, n, sizeof(struct trusted_key *), by_public_key);
}

/* What is wrong with the files, once. The caller gives the text away. */
static void warn_once(struct keyring *k, struct buf *text, const char *consequence)
{
	if (text->len > 0 && (k->warned == NULL || strcmp(k->warned, text->data) != 0))
		log_warning("%s; %s", text->data, consequence);
	free(k->warned);
	k->warned = buf_take(text);
}

/* A bad file must neither cut a cluster off nor keep a key that was taken back: it alone is left
 * out. */
static void refresh(struct keyring *k)
{
	struct trusted_key *list;
	struct stat st;
	size_t n;

	if (k->dir == NULL)
		return;
	_cleanup_free_ char *path = xasprintf("%s/trusted", k->dir);
	k->looked_ns = clock_monotonic_ns();
	if (stat(path, &st) != 0) {
		if (errno == ENOENT)
			k->n = 0; /* all were taken back at once */
		return;
	}
	if (st.st_mtim.tv_sec == k->mtime.tv_sec && st.st_mtim.tv_nsec == k->mtime.tv_nsec)
		return;
	_cleanup_buf_ struct buf skipped = BUF_INIT;
	struct error err = {0};
	if (list_keys(k->dir, &list, &n, &skipped, &err) < 0) {
		buf_reset(&skipped);
		buf_adds(&skipped, err.text);
		warn_once(k, &skipped, "the keys that were read before stay");
		return;
	}
	warn_once(k, &skipped, "left out");
	take_list(k, list, n);
	/* A second change within the clock's step would show the same time: believe only one that
	 * has settled. */
	k->mtime = clock_realtime_ns() / NS_PER_S - st.st_mtim.tv_sec > 2 ? st.st_mtim
									  : (struct timespec){0};
}

const struct trusted_key *keyring_at(struct keyring *k, size_t i)
{
	if (i == 0)
		refresh(k);
	if (i < k->added_n)
		return &k->added[i];
	i -= k->added_n;
	return i < k->n ? &k->list[i] : NULL;
}

static const struct trusted_key *find_key(const struct keyring *k, const char *public_key)
{
	size_t low = 0, high = k->n;

	for (size_t i = 0; i < k->added_n; i++)
		if (strcmp(k->added[i].public_key, public_key) == 0)
			return &k->added[i];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(k->by_key[middle]->public_key, public_key);
		if (order == 0)
			return k->by_key[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whether a key that is known may be believed without a look at the directory. */
static bool is_fresh(const struct keyring *k)
{
	int64_t fresh_ns = k->n <= FEW_KEYS       ? FRESH_FEW_NS
			   : k->mtime.tv_sec == 0 ? FRESH_UNSETTLED_NS
						  : FRESH_MANY_NS;

	return clock_monotonic_ns() - k->looked_ns < fresh_ns;
}

const struct trusted_key *keyring_find(struct keyring *k, const char *public_key)
{
	const struct trusted_key *t = find_key(k, public_key);

	if (t != NULL && is_fresh(k))
		return t;
	refresh(k);
	return find_key(k, public_key);
}
