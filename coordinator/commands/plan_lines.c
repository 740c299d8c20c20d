/* A plan for people, below its table: a line or more for each thing that will happen. */
#include "coordinator/commands/plan_view.h"

#include "coordinator/commands/plan_text.h"
#include "coordinator/output/output.h"

#define INDENT      9  /* of what stands beside the title of a line */
#define SHOWN_FILES 12 /* without --all */

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

void plan_print_line(const char *title, const char *text, FILE *to)
{
	fprintf(to, "%-*s", INDENT, title);
	output_wrapped(text, INDENT, to);
}

/* ---- how much, in which order ---- */

static void print_hosts(const struct plan_view *v, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	bool has_tuples = campaign_has_roles(v->campaign);

	for (size_t l = 0; l < v->plan->lanes_n; l++) {
		const struct plan_lane *lane = &v->plan->lanes[l];
		size_t runs = 0;

		for (size_t i = 0; i < lane->n; i++)
			runs += !lane->skipped[i];
		/* One that only takes part in what several run together is told of there. */
		if (has_tuples && lane->parts_n == 0 && lane->n == 0)
			continue;
		buf_addf(&text, "%s%s (%zu)", text.len ? ", " : "", lane->host, runs);
	}
	plan_print_line("hosts", text.data, to);
}

int64_t plan_skipped(const struct plan *p)
{
	int64_t n = 0;

	for (size_t l = 0; l < p->lanes_n; l++)
		for (size_t i = 0; i < p->lanes[l].n; i++)
			n += p->lanes[l].skipped[i] != NULL;
	return n;
}

int64_t plan_least_runs(const struct campaign *c, const struct plan *p)
{
	int64_t all = 0;

	if (c->is_spread)
		return p->runs - (c->max - c->blocks) * (int64_t)p->configurations_n;
	for (size_t l = 0; l < p->lanes_n; l++)
		all += (int64_t)p->lanes[l].n;
	return p->runs - (c->max - c->blocks) * all;
}

static void add_until(const struct until *u, struct buf *out)
{
	char percent[32];

	buf_addf(out, ", until the interval of %s is within ±%s %%", u->metric,
		units_format_decimal(percent, u->within, 10000));
}

static void print_runs(const struct plan_view *v, FILE *to)
{
	const struct campaign *c = v->campaign;
	const struct plan *p = v->plan;
	int64_t least = plan_least_runs(c, p), skipped = plan_skipped(p) * (c->warmup + c->blocks);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (least < p->runs)
		buf_addf(&text, "%lld to ", (long long)least);
	buf_addf(&text, "%lld: %zu configuration%s, ", (long long)p->runs, p->configurations_n,
		plural((int64_t)p->configurations_n));
	if (c->blocks < c->max)
		buf_addf(&text, "%lld to ", (long long)c->blocks);
	buf_addf(&text, "%lld block%s and %lld warm-up pass%s", (long long)c->max, plural(c->max),
		(long long)c->warmup, c->warmup == 1 ? "" : "es");
	if (c->until.metric && c->blocks < c->max)
		add_until(&c->until, &text);
	if (skipped)
		buf_addf(&text, "; %lld of them skipped", (long long)skipped);
	plan_print_line("runs", text.data, to);
}

static void print_order(const struct plan_view *v, FILE *to)
{
	const struct campaign *c = v->campaign;
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (c->is_sequential)
		buf_adds(&text,
			"all runs of a configuration, then those of the next, as they stand "
			"in the file");
	else
		buf_addf(&text,
			"%s runs each configuration once in a random order (seed %lld), then the "
			"next block",
			c->is_spread ? "a host" : "every host", (long long)c->seed);
	if (c->is_spread && !campaign_has_roles(c))
		buf_adds(&text, "; blocks are shared out among the hosts, each to one");
	else if (c->is_spread)
		buf_adds(&text, "; blocks are shared out, each to hosts that are free");
	for (size_t i = 0; i < c->pair_n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "; back to back what differs only in ",
			c->pair[i]);
	plan_print_line("order", text.data, to);
}

/* ---- what is compared ---- */

static void print_family(const struct plan_view *v, const struct family *f, FILE *to)
{
	const struct comparison *c = f->comparison;
	int64_t most = v->campaign->max;
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s against %s: ", c->by, c->baseline);
	if (f->comparisons == 0)
		buf_adds(&text, "nothing to compare here");
	else
		buf_addf(&text, "%lld comparison%s a metric", (long long)f->comparisons,
			plural(f->comparisons));
	for (size_t i = 0; i < c->metrics_n; i++)
		buf_addf(&text, "%s%s", i ? ", " : " (", c->metrics[i]);
	buf_adds(&text, c->metrics_n ? ")" : "");
	if (f->comparisons > 0 && f->blocks < INT64_MAX)
		buf_addf(&text, "; one change among them needs at least %lld blocks",
			(long long)f->blocks);
	if (f->comparisons > 0 && f->blocks > most)
		buf_addf(&text, ", more than there are (%lld)", (long long)most);
	if (f->alone > 0)
		buf_addf(&text, "; %lld without a baseline on the same host", (long long)f->alone);
	plan_print_line("compare", text.data, to);
}

/* ---- what goes along ---- */

static void print_files(const struct plan_view *v, FILE *to)
{
	struct render_arena *arena = NULL;
	struct shipped *files;
	size_t n, shown;
	_cleanup_buf_ struct buf text = BUF_INIT;

	campaign_files(v->campaign, &files, &n, &arena);
	shown = v->is_all || n <= SHOWN_FILES ? n : SHOWN_FILES;
	for (size_t i = 0; i < shown; i++) {
		buf_adds(&text, i ? ", " : "");
		if (files[i].path)
			buf_adds(&text, files[i].path);
		else
			buf_addf(&text, "%s at %s as %s", files[i].git, files[i].ref, files[i].as);
	}
	if (shown < n)
		buf_addf(&text, " and %zu more; --all shows them", n - shown);
	if (n > 0)
		plan_print_line("files", text.data, to);
	render_done(arena);
}

static void print_labels(const struct campaign *c, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t i = 0; i < c->labels_n; i++)
		buf_addf(&text, "%s%s=%s", i ? ", " : "", c->labels[i].key, c->labels[i].value);
	if (text.len)
		plan_print_line("labels", text.data, to);
}

static void add_joules(struct buf *out, double joules)
{
	static const char *const units[] = {"J", "kJ", "MJ", "GJ"};
	size_t i = 0;

	for (; i + 1 < ARRAY_SIZE(units) && joules >= 1000; i++)
		joules /= 1000;
	buf_addf(out, "%.3g %s", joules, units[i]);
}

static void print_budget(const struct budget *b, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char duration[32];

	if (b->time_ns != ABSENT)
		buf_addf(&text, "%s", units_format_duration(duration, b->time_ns));
	if (b->energy_uj != ABSENT) {
		buf_adds(&text, text.len ? ", " : "");
		add_joules(&text, (double)b->energy_uj / 1e6);
	}
	if (b->until_minute != ABSENT)
		buf_addf(&text, "%suntil %02lld:%02lld", text.len ? ", " : "",
			(long long)(b->until_minute / 60), (long long)(b->until_minute % 60));
	if (text.len == 0)
		return;
	buf_adds(&text, "; what is reached first ends the campaign in order");
	plan_print_line("budget", text.data, to);
}

static void print_schedule(const struct schedule *s, FILE *to)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char number[32];

	if (!s->cron)
		return;
	buf_addf(&text, "cron %s", s->cron);
	if (s->timezone)
		buf_addf(&text, ", %s", s->timezone);
	if (s->missed)
		buf_addf(&text, ", missed: %s", s->missed);
	if (s->overlap)
		buf_addf(&text, ", overlap: %s", s->overlap);
	if (s->unless)
		buf_addf(&text, ", unless %s", s->unless);
	buf_addf(&text, ", baseline: %s", s->baseline);
	if (s->deadline_ns != ABSENT)
		buf_addf(&text, ", deadline: %s", units_format_duration(number, s->deadline_ns));
	buf_addf(&text, ", patience: %s", units_format_duration(number, s->patience_ns));
	if (s->source_git)
		buf_addf(&text, ", follows %s (%s)", s->source_git, s->source_ref);
	plan_print_line("schedule", text.data, to);
}

/* ---- roles ---- */

void plan_role_hosts(const struct plan_view *v, const struct campaign_role *role,
	void (*each)(void *arg, const char *name), void *arg)
{
	char why[256];

	for (size_t i = 0; i < v->hosts->all_n; i++)
		if (campaign_role_wants_host(v->campaign, role, &v->hosts->all[i], why))
			each(arg, v->hosts->all[i].name);
}

static void add_name(void *arg, const char *name)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s", out->len ? ", " : "", name);
}

static void print_role(const struct plan_view *v, const struct benchmark *b, size_t i, FILE *to)
{
	const struct campaign_role *role = &b->roles[i];
	_cleanup_buf_ struct buf text = BUF_INIT, hosts = BUF_INIT;

	plan_role_hosts(v, role, add_name, &hosts);
	buf_addf(&text, "%s, %zu: %s%s:", b->name, i + 1, role->name,
		i == b->main ? " (what is measured ends with it)" : "");
	for (size_t k = 0; k < role->command.n; k++)
		buf_addf(&text, " %s", role->command.command[k]);
	buf_addf(&text, "; on %s", hosts.len ? hosts.data : "no host that is there");
	if (role->ready_pattern)
		buf_addf(&text, "; ready when it prints %s", role->ready_pattern);
	else if (role->ready_port)
		buf_addf(&text, "; ready when port %s answers", role->ready_port);
	plan_print_line("role", text.data, to);
}

static void print_roles(const struct plan_view *v, FILE *to)
{
	for (size_t i = 0; i < v->campaign->benchmarks_n; i++)
		for (size_t k = 0; k < v->campaign->benchmarks[i].roles_n; k++)
			print_role(v, &v->campaign->benchmarks[i], k, to);
}

/* ---- how long ---- */

static void add_duration(struct buf *out, double seconds)
{
	char text[32];
	int64_t ns = seconds < 9e9 ? (int64_t)(seconds * 1e9) : INT64_C(9000000000000000000);

	buf_adds(out, units_format_duration(text, ns));
}

static void add_estimated(struct buf *out, const struct estimated *e, bool is_range,
	void (*add)(struct buf *, double))
{
	add(out, e->least);
	if (is_range) {
		buf_adds(out, " to ");
		add(out, e->most);
	}
}

static void print_estimate(const struct plan_view *v, FILE *to)
{
	const struct plan_estimate *e = v->estimate;
	bool is_range = v->campaign->blocks < v->campaign->max;
	size_t hosts = 0;
	_cleanup_buf_ struct buf text = BUF_INIT;

	for (size_t l = 0; l < v->plan->lanes_n; l++)
		hosts += v->plan->lanes[l].parts_n == 0;
	if (!e->from) {
		buf_addf(&text, "no estimate: %s; a first block tells", e->why);
		plan_print_line("time", text.data, to);
		return;
	}
	buf_addf(&text, "from %s: %zu of %zu configuration%s", e->from, e->known, e->of,
		plural((int64_t)e->of));
	if (hosts > 1)
		buf_addf(&text, " on %zu hosts", hosts);
	buf_adds(&text, e->known < e->of ? ", without the others about " : "; about ");
	add_estimated(&text, &e->seconds, is_range, add_duration);
	if (e->with_energy > 0) {
		buf_adds(&text, ", ");
		add_estimated(&text, &e->joules, is_range, add_joules);
	}
	if (e->with_energy > 0 && e->with_energy < e->known)
		buf_addf(&text, " (energy of %zu of them)", e->with_energy);
	plan_print_line("time", text.data, to);
}

/* ---- the whole ---- */

void plan_print_lines(const struct plan_view *v, FILE *to)
{
	print_hosts(v, to);
	print_runs(v, to);
	print_order(v, to);
	plan_print_surroundings(v->campaign, v->plan, v->hosts->items, to);
	print_roles(v, to);
	for (size_t i = 0; i < v->families_n; i++)
		print_family(v, &v->families[i], to);
	print_files(v, to);
	print_labels(v->campaign, to);
	print_budget(&v->campaign->budget, to);
	print_schedule(&v->campaign->schedule, to);
	print_estimate(v, to);
}
