#include "coordinator/dispatch/gang_compose.h"

#include "proto/units.h"
#include <math.h>

/* Metrics that a run may have in all: the store numbers them with 12 bits. */
#define MAX_METRICS 3000

static const char collected[] = "collect.";

static const struct message_metric *metric_of(const struct composing_part *p, const char *name)
{
	for (size_t i = 0; p->result != NULL && i < p->result->metrics.n; i++) {
		const struct message_metric *m =
			LIST_AT(&p->result->metrics, struct message_metric, i);
		if (strcmp(m->name, name) == 0 && m->value != ABSENT)
			return m;
	}
	return NULL;
}

static void add(struct composed *c, const struct message_metric *m)
{
	c->metrics[c->result.metrics.n++] = *m;
}

/* ---- under their roles ---- */

static bool is_kept(const struct message_metric *m, bool is_short)
{
	return strncmp(m->name, collected, strlen(collected)) != 0 &&
	       (!is_short || metric_by_name(m->name) != NULL);
}

static void add_prefixed(struct composed *c, const struct composing_part *p, bool is_short)
{
	for (size_t i = 0; p->result != NULL && i < p->result->metrics.n; i++) {
		struct message_metric m = *LIST_AT(&p->result->metrics, struct message_metric, i);

		if (!is_kept(&m, is_short))
			continue;
		m.name = c->names[c->names_n++] = xasprintf("%s.%s", p->role, m.name);
		add(c, &m);
	}
}

/* ---- without a prefix ---- */

/* "energy.package", "power.package.idle", "energy.package-0". */
static bool is_additive(const char *name)
{
	return strncmp(name, "energy.", 7) == 0 || strncmp(name, "power.", 6) == 0;
}

static int64_t sum_or_absent(int64_t a, int64_t b)
{
	int64_t sum;

	return a == ABSENT || b == ABSENT || __builtin_add_overflow(a, b, &sum) ? ABSENT : sum;
}

/* The sum over all parts. Returns how many of them have it; *out is good where all do. */
static size_t add_up(
	const struct composing_part *parts, size_t n, const char *name, struct message_metric *out)
{
	double squares = 0;
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		const struct message_metric *m = metric_of(&parts[i], name);

		if (m == NULL || (have > 0 && !text_is(m->unit, out->unit)))
			continue;
		if (have++ == 0) {
			*out = *m;
		} else {
			out->value = sum_or_absent(out->value, m->value);
			out->uncertainty = sum_or_absent(out->uncertainty, m->uncertainty);
			if (m->deviation == ABSENT)
				out->deviation = ABSENT;
		}
		if (m->deviation != ABSENT)
			squares += (double)m->deviation * (double)m->deviation;
	}
	if (have > 0 && out->deviation != ABSENT)
		out->deviation = llround(sqrt(squares));
	return have;
}

/* edp.package of what there is by now: uJ times ns, by 1e9. */
static void add_edp(
	struct composed *c, const struct composing_part *main, const struct message_metric *energy)
{
	const struct message_metric *time = metric_of(main, "time");
	struct message_metric edp = *energy;

	if (time == NULL || metric_by_name("edp.package") == NULL)
		return;
	edp.name = "edp.package";
	edp.unit = metric_by_name("edp.package")->inner;
	edp.value = (int64_t)((__int128)energy->value * time->value / NS_PER_S);
	if (edp.uncertainty != ABSENT)
		edp.uncertainty = (int64_t)((__int128)energy->uncertainty * time->value / NS_PER_S);
	if (edp.deviation != ABSENT)
		edp.deviation = (int64_t)((__int128)energy->deviation * time->value / NS_PER_S);
	add(c, &edp);
}

/* Returns whether energy.package is lacking of some. */
static bool add_sums(struct composed *c, const struct composing_part *parts, size_t n, size_t main)
{
	bool is_partial = false;

	for (size_t i = 0; i < standard_metrics_n; i++) {
		const char *name = standard_metrics[i].name;
		bool is_package = strcmp(name, "energy.package") == 0;
		struct message_metric sum;
		size_t have = is_additive(name) ? add_up(parts, n, name, &sum) : 0;

		if (have == n && sum.value != ABSENT) {
			add(c, &sum);
			if (is_package)
				add_edp(c, &parts[main], &sum);
		}
		is_partial |= is_package && have > 0 && have < n;
	}
	return is_partial;
}

static void add_of_main(struct composed *c, const struct composing_part *main)
{
	for (size_t i = 0; main->result != NULL && i < main->result->metrics.n; i++) {
		const struct message_metric *m =
			LIST_AT(&main->result->metrics, struct message_metric, i);
		if (!is_additive(m->name) && strcmp(m->name, "edp.package") != 0)
			add(c, m);
	}
}

/* Sizes of files that another part left for metrics: a whole file is told from a part by them. */
static void add_sizes(struct composed *c, const struct composing_part *p)
{
	for (size_t i = 0; p->result != NULL && i < p->result->metrics.n; i++) {
		const struct message_metric *m =
			LIST_AT(&p->result->metrics, struct message_metric, i);
		if (strncmp(m->name, collected, strlen(collected)) == 0)
			add(c, m);
	}
}

/* ---- flags ---- */

static void add_flag(struct composed *c, const char *flag)
{
	for (size_t i = 0; i < c->result.flags.n; i++)
		if (strcmp(c->flags[i], flag) == 0)
			return;
	c->flags[c->result.flags.n++] = flag;
}

static void unite_flags(
	struct composed *c, const struct composing_part *parts, size_t n, bool is_partial)
{
	size_t room = 1;

	for (size_t i = 0; i < n; i++)
		room += parts[i].result ? parts[i].result->flags.n : 0;
	c->flags = xcalloc(room, sizeof *c->flags);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; parts[i].result != NULL && k < parts[i].result->flags.n; k++)
			add_flag(c, *LIST_AT(&parts[i].result->flags, const char *, k));
	if (is_partial)
		add_flag(c, FLAG_PARTIAL_ENERGY);
	c->result.flags.items = c->flags;
}

/* ---- how it ended ---- */

static bool has_failed(const struct composing_part *p)
{
	return p->result != NULL && !text_is(p->result->state, "done");
}

/* Which part decides: main where all is well. */
static size_t find_told(const struct composing_part *parts, size_t n, size_t main, size_t broken)
{
	if (broken < n)
		return broken;
	if (has_failed(&parts[main]))
		return main;
	for (size_t i = 0; i < n; i++)
		if (has_failed(&parts[i]))
			return i;
	return main;
}

static void tell_end(struct composed *c, const struct composing_part *told, const char *why)
{
	const struct message_result *r = told->result;

	c->result.state = why != NULL ? "failed" : "done";
	if (r != NULL && has_failed(told)) {
		c->result.state = r->state;
		why = text_is_set(r->reason) ? r->reason : r->state;
	} else if (r != NULL && why == NULL) {
		c->result.reason = r->reason;
	}
	if (why != NULL)
		c->result.reason = c->reason =
			xasprintf("%s on %s: %s", told->role, told->host, why);
	if (r == NULL)
		return;
	c->result.exit_code = r->exit_code;
	c->result.signal = r->signal;
}

/* What is a run's but once is main's. */
static void take_main(struct composed *c, const struct message_result *m)
{
	c->result.id = m->id;
	c->result.started_at = m->started_at;
	c->result.cpus = m->cpus;
	c->result.stdout_total = m->stdout_total;
	c->result.stderr_total = m->stderr_total;
	c->result.stdout_head = m->stdout_head;
	c->result.stderr_head = m->stderr_head;
}

static bool is_too_much(const struct composing_part *parts, size_t n, size_t main, size_t *room)
{
	size_t sum = 2 * standard_metrics_n;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].result ? parts[i].result->metrics.n * (i == main ? 2 : 1) : 0;
	*room = sum;
	return sum > MAX_METRICS;
}

void compose(struct composed *out, const struct composing_part *parts, size_t n, size_t main,
	size_t broken, const char *why)
{
	struct message m;
	bool is_short;
	size_t room;

	message_init(&m, MESSAGE_RESULT);
	*out = (struct composed){.result = m.result};
	if (parts[main].result != NULL)
		take_main(out, parts[main].result);
	out->told = find_told(parts, n, main, broken);
	tell_end(out, &parts[out->told], broken < n ? why : NULL);
	is_short = is_too_much(parts, n, main, &room);
	out->metrics = xcalloc(room + n, sizeof *out->metrics);
	out->names = xcalloc(room + n, sizeof *out->names);
	add_of_main(out, &parts[main]);
	bool is_partial = add_sums(out, parts, n, main);
	for (size_t i = 0; i < n; i++) {
		add_prefixed(out, &parts[i], is_short);
		if (i != main)
			add_sizes(out, &parts[i]);
		if (parts[i].result != NULL && parts[i].result->thinned != ABSENT)
			out->result.thinned =
				(out->result.thinned != ABSENT ? out->result.thinned : 0) +
				parts[i].result->thinned;
	}
	out->result.metrics.items = out->metrics;
	unite_flags(out, parts, n, is_partial);
}

void composed_done(struct composed *c)
{
	for (size_t i = 0; i < c->names_n; i++)
		free(c->names[i]);
	free(c->names);
	free(c->metrics);
	free(c->flags);
	free(c->reason);
}
