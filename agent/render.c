#include "agent/render.h"

#include <inttypes.h>
#include <stdio.h>

#define BASIC_MAX 7 /* variables of the basic environment at most */

/* The address of the role that a mark at text names; *end is what follows. NULL where it is no such
 * mark. */
static const char *address_at(
	const char *text, const struct list *addresses, const char **end, const char **role)
{
	static char name[256];
	size_t len = strlen(MARK_ADDRESS), n;

	if (strncmp(text, MARK_ADDRESS, len) != 0)
		return NULL;
	n = strcspn(text + len, "\003");
	if (text[len + n] == '\0' || n >= sizeof name)
		return NULL;
	memcpy(name, text + len, n);
	name[n] = '\0';
	*role = name;
	*end = text + len + n + 1;
	for (size_t i = 0; addresses != NULL && i < addresses->n; i++) {
		const struct message_pair *p = LIST_AT(addresses, struct message_pair, i);
		if (strcmp(p->key, name) == 0)
			return p->value;
	}
	return "";
}

static char *fill_marks(const char *text, const struct render_context *c)
{
	const struct {
		const char *mark, *value;
	} marks[] = {{MARK_TMP, c->tmp}, {MARK_CPU_LIST, c->cpu_list}};
	if (strchr(text, MARK_TMP[0]) == NULL)
		return xstrdup(text);
	struct buf out = BUF_INIT;
	while (*text != '\0') {
		const char *end, *role, *address = address_at(text, c->addresses, &end, &role);
		size_t i;
		if (address != NULL) {
			buf_adds(&out, address);
			text = end;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(marks); i++) {
			size_t len = strlen(marks[i].mark);
			if (strncmp(text, marks[i].mark, len) == 0) {
				buf_adds(&out, marks[i].value);
				text += len;
				break;
			}
		}
		if (i == ARRAY_SIZE(marks))
			buf_addc(&out, *text++);
	}
	return buf_take(&out);
}

static char **render_argv(const struct list *command, const struct render_context *c)
{
	char **argv = xcalloc(command->n + 1, sizeof *argv);
	for (size_t i = 0; i < command->n; i++)
		argv[i] = fill_marks(*LIST_AT(command, char *, i), c);
	return argv;
}

/* Set a variable, in the place of an older one of that name. */
static void set(char **env, const char *key, const char *value)
{
	size_t len = strlen(key), i = 0;
	while (env[i] != NULL && (strncmp(env[i], key, len) != 0 || env[i][len] != '='))
		i++;
	free(env[i]);
	env[i] = xasprintf("%s=%s", key, value);
}

/* What every command gets, with room for so many more variables. */
static char **render_basic_env(const struct render_context *c, size_t more)
{
	char **env = xcalloc(BASIC_MAX + more + 1, sizeof *env);
	const char *home = c->home != NULL ? c->home : getenv("HOME");

	set(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	set(env, "HOME", text_is_set(home) ? home : "/");
	set(env, "LANG", "C.UTF-8");
	set(env, "TMPDIR", c->tmp);
	if (c->threads != ABSENT) {
		char number[24];
		snprintf(number, sizeof number, "%" PRId64, c->threads);
		set(env, "OMP_NUM_THREADS", number);
	}
	if (c->state != NULL)
		set(env, "JOULERIG_STATE", c->state);
	if (c->padding > 0) {
		_cleanup_free_ char *padding = xmalloc(c->padding + 1);
		memset(padding, 'x', c->padding);
		padding[c->padding] = '\0';
		set(env, "JOULERIG_PADDING", padding);
	}
	return env;
}

static void set_export(char **env, const char *text)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL)
		return;
	_cleanup_free_ char *key = xstrndup(text, (size_t)(equals - text));
	set(env, key, equals + 1);
}

static const char *get(char *const *env, const char *key)
{
	size_t len = strlen(key);
	for (; *env != NULL; env++) {
		if (strncmp(*env, key, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	}
	return NULL;
}

static void set_given(char **env, const char *key, const char *value)
{
	const char *preload = strcmp(key, "LD_PRELOAD") == 0 ? get(env, key) : NULL;
	if (preload != NULL && value[0] != '\0') {
		_cleanup_free_ char *both = xasprintf("%s:%s", preload, value);
		set(env, key, both);
		return;
	}
	set(env, key, value);
}

static char **render_env(const struct list *given, const struct render_context *c)
{
	char **env = render_basic_env(c, c->exports_n + given->n);

	for (size_t i = 0; i < c->exports_n; i++)
		set_export(env, c->exports[i]);
	for (size_t i = 0; i < given->n; i++) {
		const struct message_pair *p = LIST_AT(given, struct message_pair, i);
		_cleanup_free_ char *value = fill_marks(p->value, c);
		set_given(env, p->key, value);
	}
	return env;
}

char *render_workdir(const struct message_assign *a, const struct render_context *c)
{
	if (!text_is_set(a->workdir))
		return xstrdup(c->directory);
	_cleanup_free_ char *workdir = fill_marks(a->workdir, c);
	return workdir[0] == '/' ? xstrdup(workdir) : xasprintf("%s/%s", c->directory, workdir);
}

char *render_path(const char *path, const struct render_context *c)
{
	return fill_marks(path, c);
}

static const char *lacking_in(const char *text, const struct list *addresses)
{
	const char *end, *role;

	while ((text = strchr(text, MARK_ADDRESS[0])) != NULL) {
		const char *address = address_at(text, addresses, &end, &role);
		if (address != NULL && address[0] == '\0')
			return role;
		text++;
	}
	return NULL;
}

const char *render_lacks_address(const struct message_assign *a, const struct list *addresses)
{
	const char *role = NULL;

	for (size_t i = 0; i < a->command.n && role == NULL; i++)
		role = lacking_in(*LIST_AT(&a->command, char *, i), addresses);
	for (size_t i = 0; i < a->env.n && role == NULL; i++)
		role = lacking_in(LIST_AT(&a->env, struct message_pair, i)->value, addresses);
	return role;
}

void render_run(
	struct rendered *out, const struct message_assign *a, const struct render_context *c)
{
	out->argv = render_argv(&a->command, c);
	out->env = render_env(&a->env, c);
	out->workdir = render_workdir(a, c);
}

void render_run_step(struct rendered *out, const struct message_step *step,
	const struct message_assign *a, const struct render_context *c)
{
	out->argv = render_argv(&step->command, c);
	out->env = render_env(&a->env, c);
	out->workdir = render_workdir(a, c);
}

void render_step(
	struct rendered *out, const struct message_step *step, const struct render_context *c)
{
	out->argv = render_argv(&step->command, c);
	out->env = render_env(&(struct list){0}, c);
	out->workdir = xstrdup(c->directory);
}

static void free_texts(char **texts)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free(texts);
}

void rendered_done(struct rendered *r)
{
	free_texts(r->argv);
	free_texts(r->env);
	free(r->workdir);
	*r = (struct rendered){0};
}
