/* joulerig key: one's own key, and the keys that a coordinator trusts. */
#include "coordinator/commands/commands.h"
#include "coordinator/output/output.h"

#include "proto/keys.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct key_options {
	struct common_options common;
	const char *role;
};

static const char *const roles[] = {"agent", "user", "viewer", NULL};

static const struct option_info options[] = {
	{"role", OPTION_TEXT, offsetof(struct key_options, role), "ROLE", "agent, user or viewer",
		roles},
	{.name = NULL},
};

/* The coordinator's folder: --keys, or the default of `serve` for the same --db. */
static char *coordinator_dir(const struct common_options *o)
{
	return o->keys ? xstrdup(o->keys) : xasprintf("%s.d/keys", o->db ? o->db : "joulerig.db");
}

static int show(const char *dir, struct error *err)
{
	struct keypair k;
	int r = keypair_load_or_create(&k, dir, err);

	if (r == 0)
		printf("%s\n", k.public_key);
	keypair_wipe(&k);
	return r;
}

static int new_key(const char *dir, struct error *err)
{
	struct keypair k;
	int r = keypair_load(&k, dir, NULL);

	keypair_wipe(&k);
	if (r != -ENOENT)
		return error_set(err, ERR_USAGE,
			"key: %s has a key already; remove %s/secret-key first if it shall go", dir,
			dir);
	return show(dir, err);
}

static void write_keys(const struct output_ops *ops, const struct trusted_key *keys, size_t n)
{
	static const struct column columns[] = {
		{.name = "role"}, {.name = "public_key"}, {.name = "name"}};
	struct output *to = ops->begin(stdout, columns, ARRAY_SIZE(columns));

	for (size_t i = 0; i < n; i++) {
		const struct cell cells[] = {{CELL_TEXT, role_name(keys[i].role)},
			{CELL_TEXT, keys[i].public_key}, {CELL_TEXT, keys[i].name}};
		ops->row(to, cells);
	}
	ops->end(to);
}

static int list(const char *dir, const char *format, struct error *err)
{
	const struct output_ops *ops = output_by_name(format != NULL ? format : "table", err);
	_cleanup_free_ struct trusted_key *keys = NULL;
	size_t n = 0;

	if (ops == NULL)
		return err->code;
	int r = keys_list(dir, &keys, &n, err);
	if (r == 0 && ops != &output_table)
		write_keys(ops, keys, n);
	for (size_t i = 0; r == 0 && ops == &output_table && i < n; i++)
		printf("%-8s %s  %s\n", role_name(keys[i].role), keys[i].public_key, keys[i].name);
	return r;
}

static int distrust(const char *dir, const char *name, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/trusted/%s", dir, name);

	if (!key_name_is_valid(name) || (unlink(path) != 0 && errno == ENOENT))
		return error_set(err, ERR_USAGE,
			"key: %s trusts no '%s'; 'joulerig key list --keys %s' shows whom", dir,
			name, dir);
	return access(path, F_OK) == 0 ? error_set(err, -EACCES, "key: cannot remove %s", path) : 0;
}

static int trust(
	const char *dir, const struct key_options *o, const char **a, size_t n, struct error *err)
{
	if (n != 3 || o->role == NULL)
		return error_set(err, ERR_USAGE,
			"usage: joulerig key trust NAME Z85 --role agent|user|viewer [--keys DIR]");
	int r = keys_trust(dir, a[1], a[2], role_by_name(o->role), err);
	_cleanup_free_ char *secret = xasprintf("%s/secret-key", dir);
	if (r == 0 && access(secret, F_OK) != 0)
		log_info("%s is trusted in %s, where no coordinator has its key yet; is that the "
			 "--keys (or --db) of 'joulerig serve'?",
			a[1], dir);
	return r;
}

static int run(void *target, const char **a, size_t n, struct error *err)
{
	static const char *const verbs[] = {"show", "new", "trust", "revoke", "list"};
	const struct key_options *o = target;
	_cleanup_free_ char *theirs = coordinator_dir(&o->common);
	_cleanup_free_ char *own = o->common.keys ? xstrdup(o->common.keys) : keys_user_dir();
	int r;

	if (strcmp(a[0], "show") == 0 && n == 1) {
		r = show(own, err);
	} else if (strcmp(a[0], "new") == 0 && n == 1) {
		r = new_key(own, err);
	} else if (strcmp(a[0], "trust") == 0) {
		r = trust(theirs, o, a, n, err);
	} else if (strcmp(a[0], "revoke") == 0 && n == 2) {
		r = distrust(theirs, a[1], err);
	} else if (strcmp(a[0], "list") == 0 && n == 1) {
		r = list(theirs, o->common.format, err);
	} else {
		const char *near = nearest_word(a[0], verbs, ARRAY_SIZE(verbs));
		r = error_set(err, ERR_USAGE,
			"key: '%s': expected show, new, trust, revoke or list%s%s%s", a[0],
			near && strcmp(near, a[0]) != 0 ? "; did you mean '" : "",
			near && strcmp(near, a[0]) != 0 ? near : "",
			near && strcmp(near, a[0]) != 0 ? "'?" : "");
	}
	if (r == -EACCES) {
		error_set(err, ERR_UNAVAILABLE,
			"%s; run it as the user whose keys they are (a service's: 'sudo -u "
			"joulerig "
			"joulerig key %s ...')",
			err->text, a[0]);
		return EXIT_UNAVAILABLE;
	}
	if (r < 0 && err->code > -1000)
		err->code = ERR_USAGE;
	return r < 0 ? EXIT_USAGE : EXIT_OK;
}

const struct command command_key = {
	.name = "key",
	.usage = "key show | new | trust NAME Z85 --role ROLE | revoke NAME | list",
	.summary = "one's own key, and the keys that a coordinator trusts",
	.details = "show   the public key: the user's, or with --keys DIR the coordinator's; made "
		   "at first need\n"
		   "new    make one, where there is none\n"
		   "trust  let this key in, under this name, as agent (runs campaigns), user "
		   "(submits) or viewer (looks)\n"
		   "revoke take that back        list  who is trusted\n\n"
		   "The last three work on the coordinator's folder: --keys DIR, or PATH.d/keys of "
		   "--db PATH. A running\n"
		   "coordinator sees the change at once.",
	.options = options,
	.options_size = sizeof(struct key_options),
	.min_arguments = 1,
	.max_arguments = 3,
	.run = run,
};
