#include "coordinator/commands/deploy_host.h"

#include "coordinator/dispatch/child.h"
#include "proto/clock.h"
#include "proto/message.h"
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT_NS (10 * 60 * NS_PER_S) /* apt fetches, and a run on the host ends first */
#define COPY_NS   (10 * 60 * NS_PER_S)
#define SHORT_NS  (10 * NS_PER_S) /* of what nobody wants to wait for */
#define SSH_OPTIONS                                                                                \
	" -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o "                     \
	"ServerAliveCountMax=4 "
#define SSH_UNREACHED 255

/* The assembler takes the script in as it is, and what `make install-service` installs. */
#define TAKE_IN(name, path)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		"joulerig_deploy_" #name ":\n"                                                     \
		".incbin \"" path "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char joulerig_deploy_##name[]
TAKE_IN(script, "coordinator/commands/deploy.sh");
TAKE_IN(service, "configs/service/joulerig-agent.service");
TAKE_IN(sysusers, "configs/service/joulerig-agent.sysusers");
TAKE_IN(tmpfiles, "configs/service/joulerig-agent.tmpfiles");
TAKE_IN(env, "configs/service/agent.env");
TAKE_IN(rules, "configs/service/joulerig.rules");

extern char **environ;

void deploy_host_fail(
	struct deploy_host *h, enum deploy_result result, const char *step, const char *format, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&text, format, ap);
	va_end(ap);
	h->result = result;
	h->step = step;
	free(h->reason);
	h->reason = buf_take(&text);
}

int deploy_host_read(struct deploy_host *h, const char *typed, struct error *err)
{
	const char *equal = strchr(typed, '='), *login = equal != NULL ? equal + 1 : typed;
	const char *at = strrchr(login, '@'), *host = at != NULL ? at + 1 : login;
	bool is_number = strspn(host, "0123456789.:") == strlen(host);
	size_t n = is_number ? strlen(host) : strcspn(host, ".");

	*h = (struct deploy_host){.login = login};
	h->name = equal != NULL ? xstrndup(typed, (size_t)(equal - typed)) : xstrndup(host, n);
	if (*host == '\0' || *login == '-')
		return error_set(err, ERR_USAGE,
			"deploy '%s': expected a host as ssh takes it: lab01, admin@lab02, or "
			"NAME=admin@10.0.0.7",
			typed);
	if (!key_name_is_valid(h->name))
		return error_set(err, ERR_USAGE,
			"deploy '%s': '%s' cannot be its name here (letters, digits, '.', '_', "
			"'-'); give one: NAME=%s",
			typed, h->name, login);
	return 0;
}

void deploy_host_done(struct deploy_host *h)
{
	free(h->name);
	free(h->reason);
	free(h->was);
	free(h->service);
	free(h->version);
	free(h->note);
	free(h->said);
}

bool deploy_is_stopped(const struct deploy *d)
{
	struct pollfd p = {.fd = d->stop_fd, .events = POLLIN};

	return d->stop_fd >= 0 && poll(&p, 1, 0) > 0;
}

/* ---- commands there ---- */

/* The last line of a text that says anything; the caller frees. */
static char *last_line(const struct buf *b)
{
	size_t end = b->len, begin;

	while (end > 0 && isspace((unsigned char)b->data[end - 1]))
		end--;
	for (begin = end; begin > 0 && b->data[begin - 1] != '\n';)
		begin--;
	char *line = xstrndup(b->data + begin, end - begin);
	for (char *c = line; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return line;
}

/* The value of the last line KEY=VALUE; the caller frees. NULL where there is none. */
static char *answer_of(const struct child_output *out, const char *key)
{
	size_t len = strlen(key);
	char *found = NULL;

	for (const char *line = out->out.data; line != NULL && *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		if (strncmp(line, key, len) == 0 && line[len] == '=') {
			free(found);
			found = xstrndup(line + len + 1, (size_t)(end - line) - len - 1);
		}
		line = *end == '\0' ? NULL : end + 1;
	}
	return found;
}

static bool has_text(const struct child_output *out, const char *text)
{
	return strstr(out->err.data, text) != NULL;
}

static void say_unreached(struct deploy_host *h, const char *step, const struct child_output *out)
{
	_cleanup_free_ char *line = last_line(&out->err);
	const char *todo = has_text(out, "Permission denied")
				   ? "; ssh must get in without a question: ssh-copy-id"
			   : has_text(out, "Host key verification failed")
				   ? "; look at its host key once: ssh"
				   : "; try it by hand: ssh";

	deploy_host_fail(h, DEPLOY_UNREACHED, step, "%s%s %s",
		line[0] != '\0' ? line : "ssh did not get there", todo, h->login);
}

static const char *apt_name(const char *library, char out[128])
{
	const char *so = strstr(library, ".so.");

	if (so == NULL || so == library)
		return NULL;
	/* Debian's rule: libpcre2-8.so.0 is of libpcre2-8-0. */
	snprintf(out, 128, "%.*s%s%s", (int)(so - library), library,
		isdigit((unsigned char)so[-1]) ? "-" : "", so + 4);
	return out;
}

static void say_missing(struct deploy_host *h, const char *step, char *libraries)
{
	_cleanup_buf_ struct buf packages = BUF_INIT;
	_cleanup_free_ char *all = xstrdup(libraries);
	char name[128], *rest = libraries, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0' && apt_name(word, name) != NULL)
			buf_addf(&packages, " %s", name);
	deploy_host_fail(h, DEPLOY_FAILED, step,
		"libraries are missing there: %s; on %s run: sudo apt install%s", all, h->name,
		packages.data);
}

/* Why a script did not do it, as far as it says. */
static void say_failed(struct deploy_host *h, const char *step, const struct child_output *out)
{
	_cleanup_free_ char *error = answer_of(out, "error"), *missing = answer_of(out, "missing"),
			    *old = answer_of(out, "old"), *line = last_line(&out->err);

	if (missing != NULL)
		say_missing(h, step, missing);
	else if (old != NULL)
		deploy_host_fail(h, DEPLOY_FAILED, step,
			"its libraries are older than those that joulerig was built with here (%s "
			"is missing); build it on such a host, or give packages for it: --package",
			old);
	else if (error == NULL && has_text(out, "sudo: ")) /* which warns as well */
		deploy_host_fail(h, DEPLOY_FAILED, step,
			"%s; sudo must not ask there for --sudo; log in as root, or leave --sudo "
			"out",
			line);
	else if (out->was_too_slow)
		deploy_host_fail(h, DEPLOY_FAILED, step, "it took more than %lld minutes",
			(long long)(SCRIPT_NS / 60 / NS_PER_S));
	else
		deploy_host_fail(h, DEPLOY_FAILED, step, "%s",
			error != NULL     ? error
			: line[0] != '\0' ? line
					  : "it ended without a reason");
}

/* Run words of the local shell. Returns whether they did it; else h says why not. */
static bool run_words(const struct deploy *d, struct deploy_host *h, const char *step,
	const char *words, int64_t timeout_ns, struct child_output *out)
{
	const char *const argv[] = {"sh", "-c", words, NULL};
	struct error err = {0};

	if (child_run(argv, environ, d->stop_fd, timeout_ns, out, &err) < 0)
		deploy_host_fail(h, DEPLOY_FAILED, step, "%s", err.text);
	else if (out->was_stopped)
		deploy_host_fail(h, DEPLOY_FAILED, step, "interrupted; deploy it again");
	else if (WIFEXITED(out->status) && WEXITSTATUS(out->status) == 0)
		return true;
	else if (WIFEXITED(out->status) && WEXITSTATUS(out->status) == SSH_UNREACHED)
		say_unreached(h, step, out);
	else
		say_failed(h, step, out);
	return false;
}

static void add_ssh(const struct deploy *d, const struct deploy_host *h, struct buf *words)
{
	buf_addf(words, "%s" SSH_OPTIONS, d->ssh);
	buf_add_word(words, h->login);
	buf_addc(words, ' ');
}

static void add_variable(struct buf *script, const char *name, const char *value)
{
	buf_addf(script, "%s=", name);
	if (value != NULL && value[0] != '\0')
		buf_add_word(script, value);
	buf_addc(script, '\n');
}

/* A function of the shell that prints this text. */
static void add_text(struct buf *script, const char *name, const char *text)
{
	buf_addf(script, "%s() {\ncat <<'JOULERIG_END'\n%sJOULERIG_END\n}\n", name, text);
}

static void write_script(const struct deploy *d, const struct deploy_host *h, const char *step,
	const char *stage, struct buf *script)
{
	add_variable(script, "step", step);
	add_variable(script, "where", d->is_user_service ? "user" : "auto");
	add_variable(script, "name", h->name);
	add_variable(script, "coordinator", d->coordinator);
	add_variable(script, "server_key", d->server_key);
	add_variable(script, "options", d->options);
	add_variable(script, "stage", stage);
	add_variable(script, "package", d->is_package ? "1" : "");
	add_variable(script, "dry", d->is_dry_run ? "1" : "");
	add_text(script, "agent_service", joulerig_deploy_service);
	add_text(script, "agent_sysusers", joulerig_deploy_sysusers);
	add_text(script, "agent_tmpfiles", joulerig_deploy_tmpfiles);
	add_text(script, "agent_env", joulerig_deploy_env);
	add_text(script, "udev_rules", joulerig_deploy_rules);
	buf_adds(script, joulerig_deploy_script);
}

/*
 * A step of the script on the host. The script is the standard input of a shell there, whichever
 * shell the login has; it comes from memory through /proc, so that nothing lies on a disk here.
 */
static bool run_step_within(const struct deploy *d, struct deploy_host *h, const char *step,
	const char *stage, int64_t timeout_ns, struct child_output *out)
{
	_cleanup_buf_ struct buf script = BUF_INIT, words = BUF_INIT;
	_cleanup_close_ int fd = memfd_create("joulerig-deploy", MFD_CLOEXEC);

	*out = (struct child_output){.out = BUF_INIT, .err = BUF_INIT};
	write_script(d, h, step, stage, &script);
	if (fd < 0 || write(fd, script.data, script.len) != (ssize_t)script.len) {
		deploy_host_fail(h, DEPLOY_FAILED, step, "memfd: %s", strerror(errno));
		return false;
	}
	add_ssh(d, h, &words);
	buf_addf(&words, "'%s' </proc/%ld/fd/%d", d->with_sudo ? "sudo -n -H sh -s" : "sh -s",
		(long)getpid(), fd);
	return run_words(d, h, step, words.data, timeout_ns, out);
}

static bool run_step(const struct deploy *d, struct deploy_host *h, const char *step,
	const char *stage, struct child_output *out)
{
	return run_step_within(d, h, step, stage, SCRIPT_NS, out);
}

/* ---- steps ---- */

/* Returns where to put things there, the caller's, or NULL. */
static char *probe(const struct deploy *d, struct deploy_host *h)
{
	struct child_output out;
	char *stage = NULL;

	if (run_step(d, h, "probe", "", &out)) {
		_cleanup_free_ char *architecture = answer_of(&out, "arch");
		stage = answer_of(&out, "stage");
		_cleanup_free_ char *mode = answer_of(&out, "mode");
		h->was = answer_of(&out, "was");
		h->service = answer_of(&out, "service");
		if (architecture == NULL)
			deploy_host_fail(h, DEPLOY_FAILED, "probe",
				"what came back is no answer; does its shell run commands? ssh %s "
				"uname",
				h->login);
		else if (!d->is_package && strcmp(architecture, d->architecture) != 0)
			deploy_host_fail(h, DEPLOY_FAILED, "probe",
				"it is %s, the programs here are for %s; build joulerig on such a "
				"machine, or give packages for it: --package",
				architecture, d->architecture);
		else if (d->is_package && !text_is(mode, "system"))
			deploy_host_fail(h, DEPLOY_FAILED, "probe",
				"packages are root's to install: log in as root (root@%s), or give "
				"--sudo",
				h->name);
		else if (stage == NULL && !d->is_dry_run)
			deploy_host_fail(h, DEPLOY_FAILED, "probe", "it gave no folder");
	}
	child_output_done(&out);
	return stage;
}

static bool copy(const struct deploy *d, struct deploy_host *h, const char *stage)
{
	_cleanup_buf_ struct buf words = BUF_INIT, there = BUF_INIT;
	struct child_output out;

	buf_addf(&there, "%star -xf - -C ", d->with_sudo ? "sudo -n -H " : "");
	buf_add_word(&there, stage);
	buf_addf(&words, "tar -chf - %s | ", d->files);
	add_ssh(d, h, &words);
	buf_add_word(&words, there.data);
	bool is_good = run_words(d, h, "copy", words.data, COPY_NS, &out);
	child_output_done(&out);
	return is_good;
}

/* keys_trust() writes into one folder, for all hosts. */
static int trust(
	const struct deploy *d, const struct deploy_host *h, const char *key, struct error *err)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&one);
	int r = keys_trust(d->keys, h->name, key, ROLE_AGENT, err);
	pthread_mutex_unlock(&one);
	return r;
}

static bool install(const struct deploy *d, struct deploy_host *h, const char *stage)
{
	struct child_output out;
	bool is_good = run_step(d, h, "install", stage, &out);

	if (is_good) {
		_cleanup_free_ char *key = answer_of(&out, "key"),
				    *changed = answer_of(&out, "changed"),
				    *stopped = answer_of(&out, "stopped");
		struct error err = {0};

		h->version = answer_of(&out, "version");
		h->is_changed = text_is_set(changed);
		h->was_stopped = stopped != NULL;
		if (key == NULL || !key_is_valid(key)) {
			deploy_host_fail(h, DEPLOY_FAILED, "install",
				"its agent says no public key, but '%s'", key ? key : "");
			is_good = false;
		} else if (trust(d, h, key, &err) < 0) {
			deploy_host_fail(h, DEPLOY_FAILED, "enrol", "%s", err.text);
			is_good = false;
		}
	}
	child_output_done(&out);
	return is_good;
}

static bool start(const struct deploy *d, struct deploy_host *h)
{
	struct child_output out;
	bool is_good = run_step(d, h, "start", "", &out);

	if (is_good) {
		_cleanup_free_ char *running = answer_of(&out, "running");
		h->note = answer_of(&out, "note");
		h->was_running = running != NULL;
		if (d->is_start) /* else nobody waits for it */
			h->started_at = clock_realtime_ns();
	}
	child_output_done(&out);
	return is_good;
}

/* What was made there goes, whatever else happened: also where the user wants to end. */
static void clean_up(const struct deploy *d, const struct deploy_host *h, const char *stage)
{
	struct deploy_host copy_of = {.login = h->login, .name = h->name};
	struct deploy to_its_end = *d;
	struct child_output out;

	to_its_end.stop_fd = -1;
	run_step_within(&to_its_end, &copy_of, "forget_stage", stage,
		deploy_is_stopped(d) ? SHORT_NS : SCRIPT_NS, &out);
	child_output_done(&out);
	free(copy_of.reason);
}

void deploy_host_run(const struct deploy *d, struct deploy_host *h)
{
	if (deploy_is_stopped(d)) {
		deploy_host_fail(h, DEPLOY_FAILED, "probe", "interrupted before it was begun");
		return;
	}
	_cleanup_free_ char *stage = probe(d, h);

	if (h->result == DEPLOY_GOOD && !d->is_dry_run && copy(d, h, stage) &&
		install(d, h, stage) && (d->is_start || h->was_stopped))
		start(d, h);
	if (stage != NULL && (h->result == DEPLOY_FAILED || d->is_dry_run))
		clean_up(d, h, stage);
}

void deploy_host_ask(const struct deploy *d, struct deploy_host *h)
{
	struct deploy_host copy_of = {.login = h->login, .name = h->name};
	struct child_output out;

	if (run_step_within(d, &copy_of, "tell", "", SHORT_NS, &out)) {
		free(h->said);
		h->said = answer_of(&out, "said");
	}
	child_output_done(&out);
	free(copy_of.reason);
}
