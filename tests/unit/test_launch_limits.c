/* Who a command runs as, on what memory, and with how many processes. */
#include "proto/clock.h"
#include "tests/unit/launch_rig.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#define STRANGER "nobody"
#define ANOTHER  "daemon"

static bool is_gone(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static void run(struct launch_spec spec, const char *const *argv)
{
	struct error err = {0};
	if (rig_run(spec, argv, &err) < 0)
		fail_msg("%s", err.text);
}

static bool is_privileged(void)
{
	bool is = geteuid() == 0 && getpwnam(STRANGER) != NULL;
	if (!is)
		print_message("# skipped: not root, or there is no user " STRANGER "\n");
	return is;
}

/* ---- user ---- */

static const struct launch_spec as_stranger = {.user = STRANGER};

static void test_other_user(void **state)
{
	(void)state;
	if (!is_privileged())
		return;
	const struct passwd *p = getpwnam(STRANGER);
	char want[512];
	/* None of the agent's groups is kept. */
	assert_int_equal(setgroups(2, (const gid_t[]){0, 54321}), 0);
	snprintf(want, sizeof want,
		"%u %u %u %u\nCapInh:0000000000000000 CapPrm:0000000000000000 "
		"CapEff:0000000000000000 CapAmb:0000000000000000 \n",
		p->pw_uid, p->pw_uid, p->pw_gid, p->pw_gid);
	run(as_stranger,
		ARGV("sh", "-c",
			"echo $(id -u) $(id -ru) $(id -g) $(id -G); grep -E "
			"'^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | tr -d '\\t' | tr '\\n' "
			"' '; echo"));
	assert_string_equal(rig.failure, "");
	assert_string_equal(rig.out, want);
	/* It cannot become anybody else, nor read what is root's; its streams it can open anew. */
	run(as_stranger,
		ARGV("sh", "-c",
			"cat /etc/shadow >/dev/null 2>&1 && echo shadow; echo a "
			">/dev/stdout; echo b >/dev/stderr; grep NoNewPrivs "
			"/proc/self/status | tr -dc 0-9; kill -0 $PPID 2>/dev/null && echo "
			"parent; :"));
	assert_string_equal(rig.out, "a\nb\n1");
	assert_int_equal(rig.exit.status, 0);
}

static void test_tree_of_other_user_ends(void **state)
{
	(void)state;
	if (!is_privileged())
		return;
	run(as_stranger,
		ARGV("sh", "-c", "(setsid sh -c 'echo $$; exec sleep 999 >/dev/null' &) | cat"));
	assert_int_equal(rig.exit.status, 0);
	assert_int_equal(rig.exit.killed, 1);
	assert_true(is_gone(atoi(rig.out)));
}

/* The kernel forgets who dies with whom where a user changes. */
static void test_other_user_dies_with_joulerig_exec(void **state)
{
	(void)state;
	char self[4096] = "";
	if (!is_privileged())
		return;
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	run(as_stranger, ARGV("test", "-x", self));
	if (rig.exit.status != 0) {
		print_message("# skipped: " STRANGER " cannot reach %s\n", self);
		return;
	}
	run(as_stranger, ARGV(self, "parent-death"));
	assert_string_equal(rig.failure, "");
	assert_string_equal(rig.out, "9\n");
}

/* `test_launch_limits parent-death`: the signal that it gets when its parent dies. */
static _Noreturn void tell_parent_death(void)
{
	int signo = 0;
	prctl(PR_GET_PDEATHSIG, &signo);
	printf("%d\n", signo);
	exit(0);
}

static void test_users_that_cannot_be(void **state)
{
	(void)state;
	struct error err = {0};
	assert_int_equal(
		rig_run((struct launch_spec){.user = "no such user"}, ARGV("true"), &err), -ENOENT);
	assert_string_equal(err.text, "limits.user: no such user: no such user on this machine");
	const struct passwd *p = getpwuid(geteuid());
	if (p != NULL) { /* the own one needs no privilege */
		char name[256];
		snprintf(name, sizeof name, "%s", p->pw_name);
		run((struct launch_spec){.user = name}, ARGV("true"));
		assert_string_equal(rig.failure, "");
	}
	if (geteuid() == 0 || getpwnam(ANOTHER) == NULL)
		return;
	run((struct launch_spec){.user = ANOTHER}, ARGV("true"));
	assert_non_null(
		strstr(rig.failure, "limits.user: cannot become " ANOTHER
				    ": Operation not permitted: let the agent run as root"));
	assert_int_equal(rig_run((struct launch_spec){.user = "root"}, ARGV("true"), &err), -EPERM);
}

/* As root, this test again as a user without privilege. */
static void test_without_privilege(void **state)
{
	(void)state;
	if (!is_privileged())
		return;
	char self[4096] = "";
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	run(as_stranger, ARGV("test", "-x", self));
	if (rig.exit.status != 0) {
		print_message("# skipped: " STRANGER " cannot reach %s\n", self);
		return;
	}
	run(as_stranger, ARGV(self, "unprivileged"));
	if (rig.exit.status != 0)
		fail_msg("%s", rig.out);
}

/* ---- what it must reach ---- */

static unsigned mode_of(const struct tree *t, const char *file)
{
	struct stat st;
	char path[512];
	snprintf(path, sizeof path, "%s/%s", t->path, file);
	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static uid_t owner_of(const struct tree *t, const char *file)
{
	struct stat st;
	char path[512];
	snprintf(path, sizeof path, "%s/%s", t->path, file);
	return lstat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

static void test_give(void **state)
{
	(void)state;
	if (!is_privileged())
		return;
	struct error err = {0};
	struct tree t;
	char top[128], path[256], from[256], to[512];
	uid_t uid = getpwnam(STRANGER)->pw_uid;
	tree_make(&t);
	tree_write(&t, "state/key", "secret\n");
	tree_write(&t, "state/work/1/a/b", "x\n");
	tree_write(&t, "state/work/2/c", "x\n");
	snprintf(top, sizeof top, "%s/state", t.path);
	snprintf(path, sizeof path, "%s/work/1", top);
	snprintf(from, sizeof from, "%s/key", top);
	snprintf(to, sizeof to, "%s/a/linked", path);
	assert_int_equal(link(from, to), 0);
	snprintf(to, sizeof to, "%s/a/symbolic", path);
	assert_int_equal(symlink(from, to), 0);
	chmod(top, 0700);
	/* The tree's own directory is closed, and above top. */
	assert_int_equal(launch_give_to_user(path, top, STRANGER, &err), -EACCES);
	assert_non_null(strstr(err.text, t.path));
	chmod(t.path, 0711);
	assert_int_equal(launch_give_to_user(path, top, NULL, &err), 0);
	assert_int_equal(owner_of(&t, "state/work/1"), 0);
	if (launch_give_to_user(path, top, STRANGER, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(owner_of(&t, "state/work/1"), uid);
	assert_int_equal(owner_of(&t, "state/work/1/a/b"), uid);
	assert_int_equal(owner_of(&t, "state/work/1/a/symbolic"), uid);
	assert_int_equal(owner_of(&t, "state/work/1/a/linked"), 0);
	assert_int_equal(owner_of(&t, "state/key"), 0);
	assert_int_equal(owner_of(&t, "state/work/2/c"), 0);
	assert_int_equal(owner_of(&t, "state/work"), 0);
	assert_int_equal(mode_of(&t, "state"), 0711);
	run((struct launch_spec){.user = STRANGER, .workdir = path},
		ARGV("sh", "-c", "pwd && cat a/b && echo y >a/new && rm a/b"));
	assert_string_equal(rig.failure, "");
	assert_int_equal(rig.exit.status, 0);
	assert_int_equal(launch_give_to_user("/elsewhere", top, STRANGER, &err), -EINVAL);
	snprintf(path, sizeof path, "%s2", top);
	assert_int_equal(launch_give_to_user(path, top, STRANGER, &err), -EINVAL);
	tree_remove(&t);
}

/* ---- processes ---- */

static void test_processes(void **state)
{
	(void)state;
	struct error err = {0};
	static const char script[] = "for i in 1 2 3 4 5 6; do sleep 999 & done";
	if (geteuid() == 0) {
		assert_int_equal(rig_run((struct launch_spec){.processes = 4}, ARGV("true"), &err),
			-EOPNOTSUPP);
		assert_non_null(strstr(err.text, "limits.processes cannot be kept for root"));
		if (!is_privileged())
			return;
	}
	const char *user = geteuid() == 0 ? STRANGER : NULL;
	run((struct launch_spec){.user = user, .processes = 4}, ARGV("sh", "-c", script));
	assert_string_equal(rig.failure, "");
	assert_int_not_equal(rig.exit.status, 0);
	assert_true(rig.exit.killed < 6);
	run((struct launch_spec){.user = user, .processes = 100}, ARGV("sh", "-c", script));
	assert_int_equal(rig.exit.status, 0);
	assert_int_equal(rig.exit.killed, 6);
}

/* ---- memory ---- */

static void test_memory_policy(void **state)
{
	(void)state;
	struct error err = {0};
	static const char *const refused[] = {
		"", "x", "1-", "-1", "2-1", "0,", "1024", "0 1", "0-1024"};
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(
			rig_run((struct launch_spec){.memory = "local", .memory_nodes = refused[i]},
				ARGV("true"), &err),
			-EINVAL);
	assert_int_equal(
		rig_run((struct launch_spec){.memory = "near"}, ARGV("true"), &err), -EINVAL);
	assert_int_equal(
		rig_run((struct launch_spec){.memory = "local"}, ARGV("true"), &err), -EINVAL);
	/* On node 0 memory is there with any kernel. */
	static const struct {
		const char *policy, *shown;
	} vectors[] = {{"local", "bind:0"}, {"interleave", "interleave:0"}, {"any", "default"},
		{NULL, "default"}};
	bool is_numa = access("/proc/self/numa_maps", R_OK) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		run((struct launch_spec){.memory = vectors[i].policy, .memory_nodes = "0"},
			ARGV("sh", "-c", "cat /proc/self/numa_maps | head -n 3"));
		assert_string_equal(rig.failure, "");
		if (is_numa)
			assert_non_null(strstr(rig.out, vectors[i].shown));
	}
	if (!is_numa)
		print_message("# a kernel without NUMA shows no policy\n");
	run((struct launch_spec){.memory = "local", .memory_nodes = "1022-1023"}, ARGV("true"));
	assert_non_null(strstr(rig.failure, "placement.memory: the memory nodes cannot be bound"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(test_users_that_cannot_be),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_memory_policy),
		cmocka_unit_test(test_other_user),
		cmocka_unit_test(test_tree_of_other_user_ends),
		cmocka_unit_test(test_other_user_dies_with_joulerig_exec),
		cmocka_unit_test(test_without_privilege),
		cmocka_unit_test(test_give),
	};
	const struct CMUnitTest unprivileged[] = {
		cmocka_unit_test(test_users_that_cannot_be),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_memory_policy),
	};
	if (argc > 1 && strcmp(argv[1], "parent-death") == 0)
		tell_parent_death();
	return argc > 1 ? cmocka_run_group_tests(unprivileged, NULL, NULL)
			: cmocka_run_group_tests(all, NULL, NULL);
}
