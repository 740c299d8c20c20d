/* Whether a run is told which value of an axis is its own, beside what the value's attributes are.
 */
#include "coordinator/campaign/expression.h"

/* "{python}", which "{python.path}" and "{{python}}" are not. */
static bool text_says(const char *text, const char *axis)
{
	size_t len = strlen(axis);

	if (text == NULL || text == setting_removed)
		return false;
	for (const char *p = strchr(text, '{'); p != NULL; p = strchr(p, '{')) {
		size_t braces = strspn(p, "{");

		p += braces;
		if (braces == 1 && strncmp(p, axis, len) == 0 && p[len] == '}')
			return true;
	}
	return false;
}

static bool expression_says(const struct expression *e, const char *axis)
{
	for (size_t i = 0; e != NULL && i < e->names_n; i++)
		if (e->names[i].kind == NAME_PARAMETER && strcmp(e->names[i].path, axis) == 0)
			return true;
	return false;
}

static bool texts_say(char *const *texts, size_t n, const char *axis)
{
	for (size_t i = 0; i < n; i++)
		if (text_says(texts[i], axis))
			return true;
	return false;
}

static bool steps_say(const struct steps *s, const char *axis)
{
	for (size_t i = 0; i < s->n; i++)
		if (texts_say(s->items[i].command, s->items[i].n, axis))
			return true;
	return false;
}

static bool roles_say(const struct benchmark *b, const char *axis)
{
	for (size_t i = 0; i < b->roles_n; i++) {
		const struct campaign_role *r = &b->roles[i];

		if (texts_say(r->command.command, r->command.n, axis) ||
			texts_say(r->env, r->env_n, axis) ||
			texts_say(r->settings, SETTINGS, axis) ||
			text_says(r->ready_pattern, axis) || text_says(r->ready_port, axis))
			return true;
	}
	return false;
}

static bool attributes_say(const struct attributes *a, const char *axis)
{
	if (a == NULL)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (expression_says(a->items[i].expr, axis))
			return true;
	return texts_say(a->env, a->env_n, axis) || texts_say(a->settings, SETTINGS, axis);
}

/* Of any axis: its values may compute with another's. */
static bool parameters_say(const struct benchmark *b, const char *axis)
{
	for (size_t i = 0; i < b->axes_n; i++)
		for (size_t v = 0; v < b->axes[i].n + b->axes[i].more; v++)
			if (attributes_say(b->axes[i].values[v].attributes, axis))
				return true;
	for (size_t i = 0; i < b->derived_n; i++)
		if (expression_says(b->derived[i].expr, axis))
			return true;
	return false;
}

static bool metrics_say(const struct benchmark *b, const char *axis)
{
	for (size_t i = 0; i < b->metrics_n; i++) {
		const struct benchmark_metric *m = &b->metrics[i];

		if (text_says(m->json, axis) || text_says(m->pattern, axis) ||
			text_says(m->path, axis) || text_says(m->expect_value, axis) ||
			expression_says(m->expr, axis))
			return true;
	}
	return expression_says(b->work, axis);
}

static bool files_say(const struct campaign *c, const char *axis)
{
	for (size_t i = 0; i < c->files_n; i++) {
		const struct source_file *f = &c->files[i];

		if (text_says(f->path, axis) || text_says(f->git, axis) ||
			text_says(f->ref, axis) || text_says(f->as, axis))
			return true;
	}
	return false;
}

bool campaign_says_value(const struct campaign *c, const struct benchmark *b, const char *axis)
{
	for (size_t i = 0; i < b->collect_n; i++)
		if (text_says(b->collect[i].path, axis))
			return true;
	return files_say(c, axis) || texts_say(b->command.command, b->command.n, axis) ||
	       texts_say(b->requires.command, b->requires.n, axis) ||
	       texts_say(b->env, b->env_n, axis) || texts_say(b->settings, SETTINGS, axis) ||
	       text_says(b->workdir, axis) || steps_say(&b->setup, axis) ||
	       steps_say(&b->prepare, axis) || steps_say(&b->cleanup, axis) || roles_say(b, axis) ||
	       parameters_say(b, axis) || metrics_say(b, axis);
}
