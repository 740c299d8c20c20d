#include "coordinator/campaign/plan_depends.h"

#include "coordinator/campaign/matrix.h"

/* A parameter, or an attribute of one: whatever that depends on in turn. */
void depend_on_path(const struct benchmark *b, const char *path, bool *depends)
{
	_cleanup_free_ char *name = xstrndup(path, strcspn(path, "."));
	int axis = axis_find(b->axes, b->axes_n, name), derived = derived_find(b, name);

	if (axis < 0 && derived >= 0 && !depends[b->axes_n + (size_t)derived]) {
		depends[b->axes_n + (size_t)derived] = true;
		depend_on_expression(b, b->derived[derived].expr, depends);
	}
	if (axis < 0 || depends[axis])
		return;
	depends[axis] = true;
	for (size_t v = 0; v < b->axes[axis].n + b->axes[axis].more; v++) {
		const struct attributes *a = b->axes[axis].values[v].attributes;

		for (size_t i = 0; a && i < a->n; i++)
			if (a->items[i].expr)
				depend_on_expression(b, a->items[i].expr, depends);
	}
}

void depend_on_expression(const struct benchmark *b, const struct expression *e, bool *depends)
{
	for (size_t i = 0; i < e->names_n; i++)
		if (e->names[i].kind == NAME_PARAMETER)
			depend_on_path(b, e->names[i].path, depends);
}

void use_path(const struct benchmark *b, const char *path, bool *used)
{
	_cleanup_free_ bool *depends = xcalloc(b->axes_n + b->derived_n + 1, sizeof *depends);

	depend_on_path(b, path, depends);
	for (size_t i = 0; i < b->axes_n; i++)
		used[i] |= depends[i];
}

static bool is_letter(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Whether a name stands in a text by itself. Too often rather than too rarely. */
static bool mentions(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(text, name); p; p = strstr(p + 1, name))
		if ((p == text || !is_letter(p[-1])) && !is_letter(p[len]))
			return true;
	return false;
}

/*
 * A template. Where its value is looked at (is_setting), all that it names decides; else it is only
 * rendered, which a plain axis cannot make fail.
 */
static void depend_on_text(
	const struct benchmark *b, const char *text, bool is_setting, bool *depends)
{
	if (!text || text == setting_removed || !strchr(text, '{'))
		return;
	for (size_t i = 0; i < b->axes_n; i++)
		if ((is_setting || axis_is_named(&b->axes[i])) && mentions(text, b->axes[i].name))
			depend_on_path(b, b->axes[i].name, depends);
	for (size_t i = 0; i < b->derived_n; i++)
		if (mentions(text, b->derived[i].name))
			depend_on_path(b, b->derived[i].name, depends);
}

/* {cpus} is what placement makes of it. */
static void depend_on_cpus(const struct benchmark *b, const char *text, bool *depends)
{
	if (text && mentions(text, "cpus"))
		depend_on_placement(b, depends);
}

static void depend_on_texts(const struct benchmark *b, char *const *texts, size_t n, bool *depends)
{
	for (size_t i = 0; i < n; i++) {
		depend_on_text(b, texts[i], false, depends);
		depend_on_cpus(b, texts[i], depends);
	}
}

static void depend_on_setting_text(
	const struct benchmark *b, enum setting s, const char *text, bool *depends)
{
	depend_on_text(b, text, true, depends);
	if (s > SETTING_OVERSUBSCRIBE)
		depend_on_cpus(b, text, depends);
}

void depend_on_setting(const struct benchmark *b, enum setting s, bool *depends)
{
	depend_on_setting_text(b, s, b->settings[s], depends);
	for (size_t i = 0; i < b->axes_n; i++) {
		for (size_t v = 0; v < b->axes[i].n + b->axes[i].more; v++) {
			const struct attributes *a = b->axes[i].values[v].attributes;

			if (!a || !a->settings[s])
				continue;
			depend_on_path(b, b->axes[i].name, depends);
			depend_on_setting_text(b, s, a->settings[s], depends);
		}
	}
}

void depend_on_placement(const struct benchmark *b, bool *depends)
{
	for (enum setting s = 0; s <= SETTING_OVERSUBSCRIBE; s++)
		depend_on_setting(b, s, depends);
}

static void depend_on_steps(const struct benchmark *b, const struct steps *steps, bool *depends)
{
	for (size_t i = 0; i < steps->n; i++)
		depend_on_texts(b, steps->items[i].command, steps->items[i].n, depends);
}

static void depend_on_env(const struct benchmark *b, bool *depends)
{
	depend_on_texts(b, b->env, b->env_n, depends);
	for (size_t i = 0; i < b->axes_n; i++) {
		for (size_t v = 0; v < b->axes[i].n + b->axes[i].more; v++) {
			const struct attributes *a = b->axes[i].values[v].attributes;

			if (!a || a->env_n == 0)
				continue;
			depend_on_path(b, b->axes[i].name, depends);
			depend_on_texts(b, a->env, a->env_n, depends);
		}
	}
}

/* A role's settings may be looked at, too. */
static void depend_on_roles(const struct benchmark *b, bool *depends)
{
	for (size_t i = 0; i < b->roles_n; i++) {
		const struct campaign_role *r = &b->roles[i];

		depend_on_texts(b, r->command.command, r->command.n, depends);
		depend_on_texts(b, r->env, r->env_n, depends);
		depend_on_text(b, r->ready_pattern, false, depends);
		depend_on_text(b, r->ready_port, false, depends);
		for (enum setting s = 0; s < SETTINGS; s++)
			depend_on_text(b, r->settings[s], true, depends);
	}
}

void depend_on_rendering(const struct benchmark *b, bool *depends)
{
	depend_on_texts(b, b->command.command, b->command.n, depends);
	depend_on_env(b, depends);
	depend_on_text(b, b->workdir, false, depends);
	depend_on_steps(b, &b->setup, depends);
	depend_on_texts(b, b->requires.command, b->requires.n, depends);
	depend_on_steps(b, &b->prepare, depends);
	depend_on_steps(b, &b->cleanup, depends);
	for (size_t i = 0; i < b->collect_n; i++)
		depend_on_text(b, b->collect[i].path, false, depends);
	for (size_t i = 0; i < b->metrics_n; i++) {
		depend_on_text(b, b->metrics[i].json, false, depends);
		depend_on_text(b, b->metrics[i].pattern, false, depends);
		depend_on_text(b, b->metrics[i].path, false, depends);
		depend_on_text(b, b->metrics[i].expect_value, false, depends);
	}
	depend_on_roles(b, depends);
}
