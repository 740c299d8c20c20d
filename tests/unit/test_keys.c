#include "proto/base.h"
#include "proto/keys.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/joulerig-unit.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return remove_tree(dir);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void test_pairs(void **state)
{
	struct keypair a, b, wiped = {0};

	(void)state;
	assert_int_equal(keypair_generate(&a, NULL), 0);
	assert_int_equal(keypair_generate(&b, NULL), 0);
	assert_true(key_is_valid(a.public_key));
	assert_true(key_is_valid(a.secret_key));
	assert_string_not_equal(a.public_key, b.public_key);
	keypair_wipe(&a);
	assert_memory_equal(&a, &wiped, sizeof a);
}

static void test_made_at_first_need(void **state)
{
	_cleanup_free_ char *deep = xasprintf("%s/a/b/c", dir),
			    *path = xasprintf("%s/a/b/c/secret-key", dir);
	struct keypair first, again;
	struct error err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(keypair_load(&first, deep, &err), -ENOENT);
	assert_int_equal(keypair_load_or_create(&first, deep, &err), 0);
	assert_int_equal(keypair_load_or_create(&again, deep, &err), 0);
	assert_string_equal(first.public_key, again.public_key);
	assert_string_equal(first.secret_key, again.secret_key);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_bad_secret_files(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/secret-key", dir),
			    *other = xasprintf("%s/other", dir);
	_cleanup_free_ char *good = NULL;
	struct keypair k;
	struct error err = {0};

	(void)state;
	assert_int_equal(keypair_generate(&k, NULL), 0);
	good = xasprintf("joulerig-secret-key-v1 %s\n", k.secret_key);
	write_text(path, good, 0600);
	assert_int_equal(keypair_load(&k, dir, &err), 0);
	write_text(path, good, 0640);
	assert_int_equal(keypair_load(&k, dir, &err), -EPERM);
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(keypair_load_or_create(&k, dir, &err),
		-EPERM); /* never made anew behind one's back */
	write_text(path, "joulerig-secret-key-v1 short\n", 0600);
	assert_int_equal(keypair_load(&k, dir, &err), -EINVAL);
	write_text(path, "", 0600);
	assert_int_equal(keypair_load(&k, dir, &err), -EINVAL);
	write_text(path, "joulerig-secret-key-v2 0123456789abcdefghijABCDEFGHIJ0123456789\n", 0600);
	assert_int_equal(keypair_load(&k, dir, &err), -EINVAL);
	assert_int_equal(unlink(path), 0);
	write_text(other, good, 0600);
	assert_int_equal(symlink(other, path), 0);
	assert_true(keypair_load(&k, dir, &err) < 0); /* a link could lead anywhere */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(keypair_load(&k, dir, &err) < 0);
	assert_int_equal(rmdir(path), 0);
}

static void test_valid(void **state)
{
	static const char *const good_names[] = {"a", "lab07", "lab-07.example.org", "A_b",
		"0123456789012345678901234567890123456789012345678901234567890123"};
	static const char *const bad_names[] = {"", ".hidden", "-option", "a/b", "a b", "a\n", "..",
		"ä", "01234567890123456789012345678901234567890123456789012345678901234"};
	static const char *const bad_keys[] = {"", "short",
		"0123456789abcdefghijABCDEFGHIJ012345678",
		"0123456789abcdefghijABCDEFGHIJ01234567890",
		"0123456789abcdefghijABCDEFGHIJ012345678 ",
		"0123456789abcdefghijABCDEFGHIJ012345678\"",
		"0123456789abcdefghijABCDEFGHIJ012345678\x80"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_names); i++)
		assert_true(key_name_is_valid(good_names[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad_names); i++)
		assert_false(key_name_is_valid(bad_names[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad_keys); i++)
		assert_false(key_is_valid(bad_keys[i]));
	assert_true(key_is_valid("0123456789abcdefghijABCDEFGHIJ0123456789"));
}

static void test_roles(void **state)
{
	static const enum role roles[] = {ROLE_AGENT, ROLE_VIEWER, ROLE_USER};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		assert_int_equal(role_by_name(role_name(roles[i])), roles[i]);
	assert_int_equal(role_by_name("none"), ROLE_NONE);
	assert_int_equal(role_by_name("admin"), ROLE_NONE);
	assert_int_equal(role_by_name(""), ROLE_NONE);
}

static void test_trust(void **state)
{
	_cleanup_free_ char *keys = xasprintf("%s/keys", dir),
			    *bad = xasprintf("%s/keys/trusted/bad", dir);
	_cleanup_free_ struct trusted_key *list = NULL;
	struct keypair a, b;
	struct error err = {0};
	size_t n = 7;

	(void)state;
	assert_int_equal(keypair_generate(&a, NULL), 0);
	assert_int_equal(keypair_generate(&b, NULL), 0);
	assert_int_equal(keys_list(keys, &list, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(keys_trust(keys, "zoe", a.public_key, ROLE_USER, &err), 0);
	assert_int_equal(keys_trust(keys, "lab1", b.public_key, ROLE_AGENT, &err), 0);
	assert_int_equal(
		keys_trust(keys, "zoe", a.public_key, ROLE_VIEWER, &err), 0); /* another role */
	assert_int_equal(keys_trust(keys, "zoe", b.public_key, ROLE_USER, &err), -EEXIST);
	assert_int_equal(keys_trust(keys, "ann", a.public_key, ROLE_USER, &err), -EEXIST);
	assert_int_equal(keys_trust(keys, "../ann", a.public_key, ROLE_USER, &err), ERR_USAGE);
	assert_int_equal(keys_trust(keys, "ann", "no key", ROLE_USER, &err), ERR_USAGE);
	assert_int_equal(keys_list(keys, &list, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "lab1");
	assert_int_equal(list[0].role, ROLE_AGENT);
	assert_string_equal(list[0].public_key, b.public_key);
	assert_string_equal(list[1].name, "zoe");
	assert_int_equal(list[1].role, ROLE_VIEWER);
	write_text(bad, "joulerig-trusted-key-v1 root 0123456789abcdefghijABCDEFGHIJ0123456789\n",
		0644);
	free(list);
	assert_int_equal(keys_list(keys, &list, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "bad"));
	assert_int_equal(n, 0);
	list = NULL;
}

/* What was found is believed for 2 ms. */
static void let_it_be_looked_at_again(void)
{
	usleep(2500);
}

static void test_keyring(void **state)
{
	_cleanup_free_ char *keys = xasprintf("%s/ring", dir),
			    *file = xasprintf("%s/ring/trusted/lab1", dir);
	struct keyring *ring = keyring_open(keys);
	struct keypair a, b;
	struct error err = {0};

	(void)state;
	assert_int_equal(keypair_generate(&a, NULL), 0);
	assert_int_equal(keypair_generate(&b, NULL), 0);
	assert_null(keyring_find(ring, a.public_key));
	assert_null(keyring_at(ring, 0));
	keyring_add(ring, "own", b.public_key, ROLE_USER);
	assert_int_equal(keyring_find(ring, b.public_key)->role, ROLE_USER);
	/* A key is trusted, changed and taken back while the ring is open. */
	assert_int_equal(keys_trust(keys, "lab1", a.public_key, ROLE_AGENT, &err), 0);
	assert_non_null(keyring_find(ring, a.public_key));
	assert_string_equal(keyring_find(ring, a.public_key)->name, "lab1");
	assert_int_equal(keys_trust(keys, "lab1", a.public_key, ROLE_VIEWER, &err), 0);
	let_it_be_looked_at_again();
	assert_int_equal(keyring_find(ring, a.public_key)->role, ROLE_VIEWER);
	assert_non_null(keyring_at(ring, 1));
	assert_null(keyring_at(ring, 2));
	/* A bad file beside it, such as an editor's backup, keeps nothing trusted and nothing out.
	 */
	_cleanup_free_ char *backup = xasprintf("%s/ring/trusted/lab1~", dir);
	write_text(backup, "no key\n", 0644);
	let_it_be_looked_at_again();
	assert_non_null(keyring_find(ring, a.public_key));
	assert_int_equal(unlink(file), 0);
	let_it_be_looked_at_again();
	assert_null(keyring_find(ring, a.public_key));
	assert_non_null(keyring_find(ring, b.public_key));
	keyring_free(ring);
	keyring_free(NULL);
	/* One without a directory. */
	ring = keyring_open(NULL);
	assert_null(keyring_find(ring, a.public_key));
	keyring_add(ring, "a", a.public_key, ROLE_AGENT);
	assert_non_null(keyring_find(ring, a.public_key));
	keyring_free(ring);
}

/* Where descriptors are short when it is read, for a moment, nobody who was trusted is cut off. */
static void test_keyring_short_of_descriptors(void **state)
{
	_cleanup_free_ char *keys = xasprintf("%s/short", dir);
	struct keyring *ring = keyring_open(keys);
	struct keypair a, b;
	struct rlimit before, none;
	struct error err = {0};

	(void)state;
	assert_int_equal(keypair_generate(&a, NULL), 0);
	assert_int_equal(keypair_generate(&b, NULL), 0);
	assert_int_equal(keys_trust(keys, "lab1", a.public_key, ROLE_AGENT, &err), 0);
	assert_non_null(keyring_find(ring, a.public_key));
	assert_int_equal(keys_trust(keys, "lab2", b.public_key, ROLE_AGENT, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	int next = dup(0);
	assert_int_equal(close(next), 0);
	/* None at all, then one: for the directory, none for what is in it. */
	for (int n = 0; n < 2; n++) {
		none = before;
		none.rlim_cur = (rlim_t)(next + n);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		const struct trusted_key *found = keyring_find(ring, a.public_key);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_non_null(found);
	}
	assert_non_null(keyring_find(ring, b.public_key));
	keyring_free(ring);
}

static void test_user_dir(void **state)
{
	char *path;

	(void)state;
	setenv("XDG_CONFIG_HOME", "/somewhere", 1);
	assert_string_equal(path = keys_user_dir(), "/somewhere/joulerig");
	free(path);
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "/home/ann", 1);
	assert_string_equal(path = keys_user_dir(), "/home/ann/.config/joulerig");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_made_at_first_need),
		cmocka_unit_test(test_bad_secret_files),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_keyring_short_of_descriptors),
		cmocka_unit_test(test_user_dir),
	};

	return cmocka_run_group_tests_name("keys", tests, make_dir, remove_dir);
}
