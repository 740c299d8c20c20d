/* Placement, guard and tune of a plan in words. Templates stand as they are in the file: a line
 * tells of all configurations of a benchmark. */
#include "coordinator/commands/plan_text.h"

#include "coordinator/campaign/place.h"
#include "coordinator/output/output.h"

/* ", " between parts of a line. */
static void add_part(struct buf *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add_part(struct buf *out, const char *format, ...)
{
	va_list ap;

	buf_adds(out, out->len ? ", " : "");
	va_start(ap, format);
	buf_vaddf(out, format, ap);
	va_end(ap);
}

/* ---- what a benchmark asks for ---- */

static void add_key(struct buf *out, const struct benchmark *b, enum setting s)
{
	if (b->settings[s])
		add_part(out, "%s %s", settings[s].key, b->settings[s]);
}

static void add_placement(struct buf *out, const struct benchmark *b)
{
	if (b->settings[SETTING_CPUS])
		add_part(out, "%s CPU%s", b->settings[SETTING_CPUS],
			strcmp(b->settings[SETTING_CPUS], "1") == 0 ? "" : "s");
	for (enum setting s = SETTING_POLICY; s < SETTING_OVERSUBSCRIBE; s++)
		add_key(out, b, s);
	if (b->settings[SETTING_OVERSUBSCRIBE] &&
		strcmp(b->settings[SETTING_OVERSUBSCRIBE], "false") != 0)
		add_part(out, "more threads than CPUs: %s", b->settings[SETTING_OVERSUBSCRIBE]);
}

static void add_tune(struct buf *out, const struct benchmark *b)
{
	for (enum setting s = SETTING_GOVERNOR; s <= SETTING_POWER_LIMIT; s++)
		add_key(out, b, s);
	if (out->len)
		buf_adds(out, "; put back at the end");
}

static void add_settle(struct buf *out, const struct guarding *g)
{
	char number[32], duration[32];

	if (g->temperature != ABSENT)
		add_part(out, "at most %s K above the block's start",
			units_format_decimal(number, g->temperature, 1000));
	if (g->load != ABSENT)
		add_part(out, "at most %s busy CPUs",
			units_format_decimal(number, g->load, 1000000));
	if (g->timeout_ns != ABSENT && g->on_violation && strcmp(g->on_violation, "wait") == 0)
		buf_adds(out, " (waits for it without end)");
	else if (g->timeout_ns != ABSENT)
		buf_addf(out, " (waits %s for it)", units_format_duration(duration, g->timeout_ns));
}

static void add_guard(struct buf *out, const struct campaign *c, const struct benchmark *b)
{
	const struct guarding *g = &b->guard;
	const char *then = g->on_violation;

	add_settle(out, g);
	if (g->governor)
		add_part(out, "governor %s", g->governor);
	if (g->turbo != ABSENT)
		add_part(out, "turbo %s", g->turbo ? "on" : "off");
	if (!then && out->len == 0)
		return;
	buf_adds(out, out->len ? "; " : "");
	if (!then || strcmp(then, "mark") == 0)
		buf_adds(out, "a run that violates it is flagged");
	else if (strcmp(then, "rerun") == 0)
		buf_addf(out, "a run that violates it is run again, %lld time%s at most",
			(long long)c->attempts - 1, c->attempts == 2 ? "" : "s");
	else if (strcmp(then, "fail") == 0)
		buf_adds(out, "a run that violates it fails");
	else
		buf_adds(out, "runs wait for it, and are flagged where they violate it");
}

/* ---- on which hosts ---- */

/* How many CPUs the configurations of a benchmark get on a host, and how many such CPUs it has. */
static void add_host(struct buf *out, const struct campaign *c, const struct plan *p, size_t lane,
	const struct plan_host *host, const struct benchmark *b)
{
	struct names *names = names_open(c);
	int64_t least = INT64_MAX, most = 0, there = 0;

	names_set_host(names, host->name, host->inventory, NULL);
	for (size_t i = 0; i < p->lanes[lane].n; i++) {
		const struct configuration *conf =
			&p->configurations[p->lanes[lane].configurations[i]];
		struct placement at;

		if (conf->benchmark != b || p->lanes[lane].skipped[i])
			continue;
		names_set_configuration(names, conf);
		if (place_find(names, &at, NULL) < 0)
			continue;
		int64_t cpus = at.cpus == ABSENT ? at.there : at.cpus;
		least = cpus < least ? cpus : least;
		most = cpus > most ? cpus : most;
		there = at.there > there ? at.there : there;
	}
	names_close(names);
	if (most == 0)
		return;
	buf_addf(out, "%s%s ", out->len ? ", " : "", host->name);
	if (least < most)
		buf_addf(out, "%lld to ", (long long)least);
	buf_addf(out, "%lld", (long long)most);
	if (there > 0)
		buf_addf(out, " of %lld", (long long)there);
}

/* ---- lines ---- */

struct lines {
	const struct campaign *c;
	const struct plan *p;
	const struct plan_host *hosts;
	FILE *to;
};

typedef void add_fn(struct buf *out, const struct lines *l, const struct benchmark *b);

static void placement_of(struct buf *out, const struct lines *l, const struct benchmark *b)
{
	_cleanup_buf_ struct buf hosts = BUF_INIT;

	add_placement(out, b);
	if (out->len == 0)
		return;
	for (size_t lane = 0; lane < l->p->lanes_n; lane++)
		add_host(&hosts, l->c, l->p, lane, &l->hosts[lane], b);
	buf_addf(out, "; CPUs: %s", hosts.len ? hosts.data : "no host has them");
}

static void guard_of(struct buf *out, const struct lines *l, const struct benchmark *b)
{
	add_guard(out, l->c, b);
}

static void tune_of(struct buf *out, const struct lines *l, const struct benchmark *b)
{
	(void)l;
	add_tune(out, b);
}

/* Of which benchmarks a text is: the first one's, and those after it that have the same. */
static void add_names(struct buf *out, const struct campaign *c, struct buf *texts, size_t first)
{
	for (size_t i = first; i < c->benchmarks_n; i++) {
		if (i > first && strcmp(texts[i].data, texts[first].data) != 0)
			continue;
		add_part(out, "%s", c->benchmarks[i].name);
		if (i > first)
			buf_reset(&texts[i]);
	}
}

/* One line for benchmarks that have the same; without their names where all have. */
static void print_lines(const struct lines *l, const char *title, add_fn *add)
{
	size_t n = l->c->benchmarks_n;
	struct buf *texts = xcalloc(n, sizeof *texts);
	bool is_same = true;

	for (size_t i = 0; i < n; i++) {
		texts[i] = (struct buf)BUF_INIT;
		add(&texts[i], l, &l->c->benchmarks[i]);
		is_same &= strcmp(texts[0].data, texts[i].data) == 0;
	}
	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf line = BUF_INIT;

		if (texts[i].len && (i == 0 || !is_same)) {
			if (!is_same) {
				add_names(&line, l->c, texts, i);
				buf_adds(&line, ": ");
			}
			buf_adds(&line, texts[i].data);
			fprintf(l->to, "%-8s ", title);
			output_wrapped(line.data, 9, l->to);
		}
		buf_done(&texts[i]);
	}
	free(texts);
}

void plan_print_surroundings(
	const struct campaign *c, const struct plan *p, const struct plan_host *hosts, FILE *to)
{
	const struct lines l = {.c = c, .p = p, .hosts = hosts, .to = to};

	if (c->benchmarks_n == 0)
		return;
	print_lines(&l, "place", placement_of);
	print_lines(&l, "guard", guard_of);
	print_lines(&l, "tune", tune_of);
}
