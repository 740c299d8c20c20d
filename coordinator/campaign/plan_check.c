/* Whether a host wants a configuration, and can run it. */
#include "coordinator/campaign/place.h"
#include "coordinator/campaign/plan_build.h"
#include "coordinator/campaign/plan_depends.h"
#include "coordinator/campaign/role.h"
#include <errno.h>
#include <uthash.h>

/* Answers that are kept of one question at most. */
#define MAX_ANSWERS (4 * 1024 * 1024)

/* ---- reasons ---- */

struct reason {
	UT_hash_handle hh;
	uint32_t answer;
	char text[];
};

uint32_t plan_reason(struct whole_plan *w, const char *text)
{
	struct reason *r;

	HASH_FIND_STR(w->reasons, text, r);
	if (r)
		return r->answer;
	r = xcalloc(1, sizeof *r + strlen(text) + 1);
	if ((w->reasons_n & (w->reasons_n - 1)) == 0)
		w->texts = xreallocarray(
			w->texts, w->reasons_n ? 2 * w->reasons_n : 1, sizeof *w->texts);
	r->answer = (uint32_t)(ANSWER_REASON + w->reasons_n);
	w->texts[w->reasons_n++] = r->text;
	memcpy(r->text, text, strlen(text) + 1);
	HASH_ADD_STR(w->reasons, text, r);
	return r->answer;
}

const char *plan_reason_text(const struct whole_plan *w, int64_t answer)
{
	return w->texts[answer - ANSWER_REASON];
}

void plan_free_reasons(struct whole_plan *w)
{
	struct reason *r, *next;

	HASH_ITER (hh, w->reasons, r, next) {
		HASH_DELETE(hh, w->reasons, r);
		free(r);
	}
	free(w->texts);
}

/* ---- questions ---- */

struct check {
	enum check_kind {
		CHECK_ATTRIBUTES, /* of an axis: those that are expressions have a value */
		CHECK_HOLDS,      /* an expression */
		CHECK_HOLDS_NOT,
		CHECK_DERIVED, /* a derived parameter has a value */
		CHECK_PLACE,   /* placement */
		CHECK_SETTING, /* one of tune and limits */
		CHECK_RENDER,  /* all other texts, where these are good */
		CHECK_ROLE,    /* all these of one role, on its own host */
	} kind;
	size_t at; /* the axis, the derived parameter, the setting, the role */
	const struct expression *expression;
	bool *depends;     /* on axis i */
	uint32_t *answers; /* NULL: none are kept */
	size_t *strides;
};

struct checks {
	struct builder *builder;
	const struct benchmark *benchmark;
	struct check *items;
	size_t n;
};

/* ---- making ---- */

/* Keep answers where that is fewer than there are configurations. */
static void make_room(struct checks *c, struct check *check, size_t n)
{
	const struct value_tables *t =
		&c->builder->whole->tables[c->benchmark - c->builder->campaign->benchmarks];
	size_t axes_n = c->benchmark->axes_n, size = 1;
	bool fits = true;

	check->strides = xcalloc(axes_n + 1, sizeof *check->strides);
	for (size_t i = axes_n; i > 0 && fits; i--) {
		if (!check->depends[i - 1])
			continue;
		check->strides[i - 1] = size;
		fits = !__builtin_mul_overflow(size, (size_t)t->sizes[i - 1], &size) && size < n &&
		       size <= MAX_ANSWERS;
	}
	if (fits)
		check->answers = xcalloc(size, sizeof *check->answers);
}

static struct check *add_check(struct checks *c, enum check_kind kind)
{
	struct check *check;

	c->items = xreallocarray(c->items, c->n + 1, sizeof *c->items);
	check = &c->items[c->n++];
	*check = (struct check){.kind = kind,
		.depends =
			xcalloc(c->benchmark->axes_n + c->benchmark->derived_n + 1, sizeof(bool))};
	return check;
}

static void add_expression(
	struct checks *c, enum check_kind kind, const struct expression *e, size_t n)
{
	struct check *check = add_check(c, kind);

	check->expression = e;
	depend_on_expression(c->benchmark, e, check->depends);
	make_room(c, check, n);
}

static bool has_expressions(const struct axis *axis)
{
	for (size_t v = 0; v < axis->n + axis->more; v++) {
		const struct attributes *a = axis->values[v].attributes;

		for (size_t i = 0; a && i < a->n; i++)
			if (a->items[i].expr)
				return true;
	}
	return false;
}

/*
 * Apart from each other, as each depends on few axes. What place_cannot_render() says of a setting
 * was asked before, so that the last check need not depend on them.
 */
static void add_rendering(struct checks *c, size_t n)
{
	const struct benchmark *b = c->benchmark;
	struct check *check = add_check(c, CHECK_PLACE);

	depend_on_placement(b, check->depends);
	make_room(c, check, n);
	for (enum setting s = SETTING_OVERSUBSCRIBE + 1; s < SETTINGS; s++) {
		check = add_check(c, CHECK_SETTING);
		check->at = s;
		depend_on_setting(b, s, check->depends);
		make_room(c, check, n);
	}
	check = add_check(c, CHECK_RENDER);
	depend_on_rendering(b, check->depends);
	make_room(c, check, n);
}

static struct checks *new_checks(struct builder *b, const struct benchmark *benchmark)
{
	struct checks *c = xcalloc(1, sizeof *c);

	c->builder = b;
	c->benchmark = benchmark;
	return c;
}

/* Of a role anything may decide: it has texts and settings of its own. */
static void add_roles(struct checks *c, size_t n)
{
	for (size_t i = 0; i < c->benchmark->roles_n; i++) {
		struct check *check = add_check(c, CHECK_ROLE);

		check->at = i;
		for (size_t a = 0; a < c->benchmark->axes_n; a++)
			check->depends[a] = true;
		make_room(c, check, n);
	}
}

/* In the order in which they are asked: what has no value here cannot be compared. */
struct checks *checks_open(struct builder *b, const struct benchmark *benchmark, size_t n)
{
	struct checks *c = new_checks(b, benchmark);
	struct check *check;

	for (size_t i = 0; i < benchmark->axes_n; i++) {
		if (!has_expressions(&benchmark->axes[i]))
			continue;
		check = add_check(c, CHECK_ATTRIBUTES);
		check->at = i;
		depend_on_path(benchmark, benchmark->axes[i].name, check->depends);
		make_room(c, check, n);
	}
	for (size_t i = 0; i < benchmark->where_n; i++)
		add_expression(c, CHECK_HOLDS, benchmark->where[i], n);
	if (b->campaign->only)
		add_expression(c, CHECK_HOLDS, b->campaign->only, n);
	for (size_t i = 0; i < benchmark->derived_n; i++) {
		check = add_check(c, CHECK_DERIVED);
		check->at = i;
		depend_on_expression(benchmark, benchmark->derived[i].expr, check->depends);
		make_room(c, check, n);
	}
	if (benchmark->roles_n > 0)
		add_roles(c, n);
	else
		add_rendering(c, n);
	return c;
}

struct checks *checks_open_expression(
	struct builder *b, const struct benchmark *benchmark, const struct expression *e, size_t n)
{
	struct checks *c = new_checks(b, benchmark);

	add_expression(c, CHECK_HOLDS_NOT, e, n);
	return c;
}

void checks_close(struct checks *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].depends);
		free(c->items[i].answers);
		free(c->items[i].strides);
	}
	free(c->items);
	free(c);
}

/* ---- asking ---- */

/* A reason to skip leaves err as it is: whoever looks there takes it for a failure of the plan. */
static int64_t no_value(struct checks *c, int rc, const struct error *why, struct error *err)
{
	if (rc == -ENOENT)
		return plan_reason(c->builder->whole, why->text);
	return error_set(err, rc, "%s", why->text);
}

/* Whether a parameter has a value: nothing is a reason to skip, an error is one of the campaign. */
static int64_t ask_path(struct checks *c, const char *path, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error why = {0};
	int rc = names_get(c->builder->names, path, &text, &why);

	return rc < 0 ? no_value(c, rc, &why, err) : ANSWER_YES;
}

static int64_t ask_attributes(struct checks *c, size_t axis, struct error *err)
{
	const struct configuration *configuration = names_configuration(c->builder->names);
	const struct attributes *a = configuration_value(configuration, axis)->attributes;
	int64_t answer = ANSWER_YES;

	for (size_t i = 0; answer == ANSWER_YES && a && i < a->n; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s.%s", c->benchmark->axes[axis].name, a->items[i].name);

		if (a->items[i].expr)
			answer = ask_path(c, path, err);
	}
	return answer;
}

/* place_find() tells {cpus}, which the others may name. */
static int64_t ask_rendering(struct checks *c, const struct check *check)
{
	struct names *names = c->builder->names;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct placement p;
	struct error why = {0}; /* a reason, no failure of the plan */
	int64_t value;
	bool ok = place_find(names, &p, &why) == 0;

	if (ok && check->kind == CHECK_SETTING)
		ok = setting_render((enum setting)check->at, names, &text, &value, ABSENT, &why) >=
		     0;
	else if (ok && check->kind == CHECK_RENDER)
		ok = !place_cannot_render(names, &why);
	return ok ? ANSWER_YES : plan_reason(c->builder->whole, why.text);
}

static bool role_cannot(struct names *names, const struct configuration *c, struct error *why)
{
	struct placement p;

	names_set_configuration(names, c);
	return place_find(names, &p, why) < 0 || place_cannot_render(names, why);
}

static int64_t ask_role(
	struct checks *c, const struct check *check, const struct configuration *configuration)
{
	struct names *names = c->builder->part_names[check->at];
	struct error why = {0}; /* a reason, no failure of the plan */
	struct role_view view;

	role_view_open(&view, configuration, check->at);
	bool cannot = role_cannot(names, &view.configuration, &why);
	names_set_configuration(names, NULL);
	role_view_close(&view);
	if (!cannot)
		return ANSWER_YES;
	error_wrap(&why, "%s on %s", c->benchmark->roles[check->at].name, names_host_name(names));
	return plan_reason(c->builder->whole, why.text);
}

static int64_t ask_holds(struct checks *c, const struct check *check, struct error *err)
{
	struct error why = {0};
	int rc = names_holds(c->builder->names, check->expression, &why);

	/* What is excluded was never there, so that it cannot be skipped. */
	if (rc < 0)
		return no_value(c, check->kind == CHECK_HOLDS ? rc : -EINVAL, &why, err);
	return (rc != 0) == (check->kind == CHECK_HOLDS) ? ANSWER_YES : ANSWER_NO;
}

static int64_t ask(struct checks *c, const struct check *check,
	const struct configuration *configuration, struct error *err)
{
	if (names_configuration(c->builder->names) != configuration)
		names_set_configuration(c->builder->names, configuration);
	switch (check->kind) {
	case CHECK_ATTRIBUTES:
		return ask_attributes(c, check->at, err);
	case CHECK_DERIVED:
		return ask_path(c, c->benchmark->derived[check->at].name, err);
	case CHECK_HOLDS:
	case CHECK_HOLDS_NOT:
		return ask_holds(c, check, err);
	case CHECK_ROLE:
		return ask_role(c, check, configuration);
	default:
		return ask_rendering(c, check);
	}
}

/* Where the answer is kept, or NULL. */
static uint32_t *answer_of(const struct checks *c, const struct check *check,
	const struct configuration *configuration)
{
	size_t at = 0;

	if (!check->answers)
		return NULL;
	for (size_t i = 0; i < c->benchmark->axes_n; i++)
		at += check->strides[i] * configuration->indices[i];
	return &check->answers[at];
}

/* "nbody {"threads":4} on lab03: line 7: where: ..." */
static int failed(
	const struct checks *c, const struct configuration *configuration, struct error *err)
{
	_cleanup_buf_ struct buf parameters = BUF_INIT;

	configuration_parameters(configuration, &parameters);
	error_wrap(err, "%s %s on %s", c->benchmark->name, parameters.data,
		names_host_name(c->builder->names));
	if (err)
		err->code = ERR_CAMPAIGN;
	return ERR_CAMPAIGN;
}

static int64_t ask_or_find(struct checks *c, const struct check *check,
	const struct configuration *configuration, struct error *err)
{
	uint32_t *kept = answer_of(c, check, configuration);
	int64_t answer = kept ? *kept : ANSWER_UNKNOWN;

	if (answer == ANSWER_UNKNOWN)
		answer = ask(c, check, configuration, err);
	if (kept && answer > 0)
		*kept = (uint32_t)answer;
	return answer;
}

/* Whether where or --only do not want it, as far as they can tell without what it lacks. */
static bool is_unwanted(
	struct checks *c, const struct configuration *configuration, const struct check *from)
{
	for (const struct check *check = from; check < c->items + c->n; check++)
		if (check->kind == CHECK_HOLDS &&
			ask_or_find(c, check, configuration, NULL) == ANSWER_NO)
			return true;
	return false;
}

int64_t checks_ask(struct checks *c, const struct configuration *configuration, struct error *err)
{
	for (size_t i = 0; i < c->n; i++) {
		int64_t answer = ask_or_find(c, &c->items[i], configuration, err);

		if (answer < 0)
			return failed(c, configuration, err);
		if (answer >= ANSWER_REASON && is_unwanted(c, configuration, &c->items[i + 1]))
			return ANSWER_NO;
		if (answer != ANSWER_YES)
			return answer;
	}
	return ANSWER_YES;
}
