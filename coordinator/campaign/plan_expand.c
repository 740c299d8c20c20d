/* The matrix of every benchmark, walked over the union of the hosts' values. */
#include "coordinator/campaign/plan_build.h"

#include "coordinator/campaign/read.h"

/* Indices are allocated by as many, or more. */
#define CHUNK_INDICES (256 * 1024)

/* ---- bits ---- */

bool plan_has_bit(const struct builder *b, size_t configuration, size_t host)
{
	return b->bits[configuration * b->row + host / 8] >> (host % 8) & 1u;
}

void plan_set_bit(struct builder *b, size_t configuration, size_t host, bool on)
{
	uint8_t *byte = &b->bits[configuration * b->row + host / 8];
	uint8_t mask = (uint8_t)(1u << (host % 8));

	*byte = (uint8_t)(on ? *byte | mask : *byte & ~mask);
}

static bool has_any_bit(const struct builder *b, size_t configuration)
{
	for (size_t i = 0; i < b->row; i++)
		if (b->bits[configuration * b->row + i])
			return true;
	return false;
}

void plan_drop_unwanted(struct builder *b, size_t first, uint32_t *new_index)
{
	struct plan *p = b->plan;
	size_t n = first;

	for (size_t i = first; i < p->configurations_n; i++) {
		if (!has_any_bit(b, i))
			continue;
		p->configurations[n] = p->configurations[i];
		memmove(b->bits + n * b->row, b->bits + i * b->row, b->row);
		if (new_index)
			new_index[i] = (uint32_t)n;
		n++;
	}
	p->configurations_n = n;
}

/* ---- the values of a benchmark ---- */

/* The next power of two. */
static size_t round_up(size_t n)
{
	size_t size = 1;

	while (size < n)
		size *= 2;
	return size;
}

/* The place of a value in an axis' table; a new one is put behind the others. */
static uint32_t value_index(struct value_tables *t, size_t axis, const struct value *v)
{
	uint32_t n = t->sizes[axis];
	bool is_own = t->more[axis] == NULL;
	int64_t at;

	value_set_fill(&t->sets[axis], t->values[axis], n);
	at = value_set_find(&t->sets[axis], t->values[axis], v->text);
	if (at >= 0)
		return (uint32_t)at;
	/* Doubled at each power of two. */
	if (is_own || (n & (n - 1)) == 0)
		t->more[axis] = xreallocarray(
			t->more[axis], is_own ? round_up(n + 1) : 2 * n, sizeof *t->more[axis]);
	if (is_own && n > 0)
		memcpy(t->more[axis], t->values[axis], n * sizeof *t->more[axis]);
	t->more[axis][n] = *v;
	t->values[axis] = t->more[axis];
	return t->sizes[axis]++;
}

/* The axis' own values come first, in their order. */
static struct value_tables *make_tables(struct builder *b, const struct benchmark *benchmark)
{
	struct whole_plan *w = b->whole;
	struct value_tables *t = &w->tables[w->tables_n++];
	size_t n = benchmark->axes_n;

	t->axes_n = n;
	t->values = xcalloc(n + 1, sizeof *t->values);
	t->sizes = xcalloc(n + 1, sizeof *t->sizes);
	t->more = xcalloc(n + 1, sizeof *t->more);
	t->sets = xcalloc(n + 1, sizeof *t->sets);
	for (size_t i = 0; i < n; i++) {
		const struct axis *axis = &benchmark->axes[i];

		t->values[i] = axis->is_each ? w->steps : axis->values;
		t->sizes[i] = (uint32_t)(axis->is_each ? w->steps_n : axis->n);
	}
	return t;
}

/* ---- walking a benchmark ---- */

/* One benchmark while it is walked. */
struct walker {
	struct builder *builder;
	const struct benchmark *benchmark;
	struct value_tables *tables;
	struct excluder *excluder;
	bool *is_host_axis; /* axis i has the hosts' steps in this walk */
	bool *is_for;       /* [lane] whether it is one for this benchmark */
	bool is_include;
	size_t first; /* the benchmark's first configuration */
	int64_t limit;
	/* Of includes alone: a hash table of configurations + 1, 0: free. */
	size_t *slots;
	size_t mask;
	size_t duplicates;
};

static bool host_has(const struct walker *w, size_t host, const uint32_t *index)
{
	const struct builder *b = w->builder;

	if (!w->is_for[host])
		return false;
	for (size_t i = 0; i < w->benchmark->axes_n; i++)
		if (w->is_host_axis[i] && !b->has_step[host * b->whole->steps_n + index[i]])
			return false;
	return true;
}

/* ---- configurations ---- */

static void grow(struct builder *b)
{
	struct plan *p = b->plan;

	if (p->configurations_n < b->room)
		return;
	b->room = b->room ? 2 * b->room : 64;
	p->configurations = xreallocarray(p->configurations, b->room, sizeof *p->configurations);
	b->bits = xreallocarray(b->bits, b->room, b->row);
}

static uint32_t *add_indices(struct builder *b, const uint32_t *index, size_t n)
{
	struct whole_plan *w = b->whole;
	uint32_t *out;

	if (b->left < n || w->chunks_n == 0) {
		b->left = n > CHUNK_INDICES ? n : CHUNK_INDICES;
		w->chunks = xreallocarray(w->chunks, w->chunks_n + 1, sizeof *w->chunks);
		b->next = w->chunks[w->chunks_n++] = xcalloc(b->left, sizeof *b->next);
	}
	out = b->next;
	memcpy(out, index, n * sizeof *out);
	b->next += n;
	b->left -= n;
	return out;
}

static size_t append(struct walker *w, const uint32_t *index)
{
	struct builder *b = w->builder;
	struct plan *p = b->plan;

	grow(b);
	p->configurations[p->configurations_n] = (struct configuration){
		.benchmark = w->benchmark,
		.tables = w->tables->values,
		.indices = add_indices(b, index, w->benchmark->axes_n),
	};
	memset(b->bits + p->configurations_n * b->row, 0, b->row);
	return p->configurations_n++;
}

/* FNV-1a over whole indices. */
static size_t *slot_of(const struct walker *w, const uint32_t *index)
{
	const struct configuration *all = w->builder->plan->configurations;
	size_t n = w->benchmark->axes_n;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ index[i]) * UINT64_C(0x100000001b3);
	for (size_t slot = (h ^ h >> 32) & w->mask;; slot = (slot + 1) & w->mask)
		if (w->slots[slot] == 0 ||
			memcmp(all[w->slots[slot] - 1].indices, index, n * sizeof *index) == 0)
			return &w->slots[slot];
}

/* Room for as many again as there are. */
static void index_known(struct walker *w)
{
	size_t n = w->builder->plan->configurations_n, size = 64;

	while (size < 4 * (n - w->first + 1))
		size *= 2;
	free(w->slots);
	w->slots = xcalloc(size, sizeof *w->slots);
	w->mask = size - 1;
	for (size_t i = w->first; i < n; i++)
		*slot_of(w, w->builder->plan->configurations[i].indices) = i + 1;
}

/* The place of an included configuration: where it is already, or a new one. */
static size_t place_of(struct walker *w, const uint32_t *index)
{
	size_t *slot;

	if (!w->slots || 2 * (w->builder->plan->configurations_n - w->first) > w->mask)
		index_known(w);
	slot = slot_of(w, index);
	if (*slot == 0)
		*slot = append(w, index) + 1;
	return *slot - 1;
}

static bool is_wanted_by_any(const struct walker *w, const uint32_t *index)
{
	for (size_t h = 0; h < w->builder->hosts_n; h++)
		if (host_has(w, h, index))
			return true;
	return false;
}

static bool add_configuration(void *arg, const uint32_t *index)
{
	struct walker *w = arg;
	struct builder *b = w->builder;
	bool is_new = false;
	size_t place;

	if ((!w->is_include && excluder_matches(w->excluder, index)) || !is_wanted_by_any(w, index))
		return true;
	place = w->is_include ? place_of(w, index) : append(w, index);
	for (size_t h = 0; h < b->hosts_n; h++) {
		if (plan_has_bit(b, place, h) || !host_has(w, h, index))
			continue;
		plan_set_bit(b, place, h, true);
		is_new = true;
	}
	w->duplicates += !is_new;
	return (int64_t)b->plan->configurations_n <= w->limit;
}

/* ---- product, exclude, include ---- */

int plan_too_large(struct error *err)
{
	return error_set(err, ERR_CAMPAIGN,
		"more than 10,000,000 runs: make the matrix smaller, or use fewer hosts or blocks");
}

/* Each on its place; what a rule of include does not name takes all values. */
static void set_takes(struct walker *w, const struct rule *rule, struct walk_axis *takes)
{
	for (size_t i = 0; i < w->benchmark->axes_n; i++) {
		const struct axis *axis = &w->benchmark->axes[i];

		w->is_host_axis[i] = axis->is_each;
		takes[i] = (struct walk_axis){
			.n = axis->is_each ? w->builder->whole->steps_n : axis->n};
	}
	for (size_t i = 0; rule && i < rule->n; i++) {
		const struct rule_term *t = &rule->terms[i];
		uint32_t *indices = xcalloc(t->n + 1, sizeof *indices);

		for (size_t v = 0; v < t->n; v++)
			indices[v] = value_index(w->tables, t->axis, &t->values[v]);
		takes[t->axis] = (struct walk_axis){indices, t->n};
		w->is_host_axis[t->axis] = false;
	}
}

static int walk(struct walker *w, const struct rule *rule, struct error *err)
{
	size_t n = w->benchmark->axes_n;
	_cleanup_free_ struct walk_axis *takes = xcalloc(n + 1, sizeof *takes);
	const struct axis *axes = w->benchmark->axes;
	int64_t max = matrix_max_product(w->benchmark);
	int rc = 0;

	set_takes(w, rule, takes);
	w->is_include = rule != NULL;
	if (matrix_product(axes, takes, n, max) > max ||
		!matrix_walk(axes, takes, n, add_configuration, w))
		rc = plan_too_large(err);
	for (size_t i = 0; i < n; i++)
		free((void *)takes[i].indices);
	return rc;
}

static int add_excluding(struct walker *w, struct error *err)
{
	const struct matrix_rules *rules = w->benchmark->rules;
	int rc;

	w->excluder = excluder_open(w->benchmark, w->tables->values, w->tables->sizes);
	rc = walk(w, NULL, err);
	excluder_close(w->excluder);
	if (rc < 0 || rules->exclude_ifs_n == 0)
		return rc;
	rc = plan_exclude_ifs(w->builder, w->benchmark, w->first, err);
	plan_drop_unwanted(w->builder, w->first, NULL);
	return rc;
}

static void add_note(struct plan *p, char *text)
{
	p->notes = xreallocarray(p->notes, p->notes_n + 1, sizeof *p->notes);
	p->notes[p->notes_n++] = text;
}

static int add_including(struct walker *w, struct error *err)
{
	const struct matrix_rules *rules = w->benchmark->rules;
	int rc = 0;

	w->duplicates = 0;
	for (size_t i = 0; rc == 0 && i < rules->includes_n; i++)
		rc = walk(w, &rules->includes[i], err);
	free(w->slots);
	if (w->duplicates > 0)
		add_note(w->builder->plan,
			xasprintf("benchmark %s: include: %zu configuration%s in the matrix "
				  "already",
				w->benchmark->name, w->duplicates,
				w->duplicates == 1 ? " is" : "s are"));
	return rc;
}

/* What an expression decides may take away from what is walked. */
static bool has_expressions(const struct campaign *c, const struct benchmark *b)
{
	return c->only || b->where_n > 0 || b->rules->exclude_ifs_n > 0;
}

static int expand_benchmark(struct builder *b, const struct benchmark *benchmark, struct error *err)
{
	const struct campaign *c = b->campaign;
	struct walker w = {
		.builder = b,
		.benchmark = benchmark,
		.tables = make_tables(b, benchmark),
		.is_host_axis = xcalloc(benchmark->axes_n + 1, sizeof *w.is_host_axis),
		.is_for = xcalloc(b->hosts_n + 1, sizeof *w.is_for),
		.first = b->plan->configurations_n,
		.limit = has_expressions(c, benchmark) ? CAMPAIGN_MAX_RUNS
						       : CAMPAIGN_MAX_RUNS / (c->warmup + c->max),
	};
	int rc;

	for (size_t l = 0; l < b->hosts_n; l++)
		w.is_for[l] = plan_lane_runs(b, l, benchmark);
	rc = add_excluding(&w, err);
	if (rc == 0)
		rc = add_including(&w, err);
	free(w.is_host_axis);
	free(w.is_for);
	return rc;
}

int plan_expand(struct builder *b, struct error *err)
{
	const struct campaign *c = b->campaign;
	int rc = 0;

	b->whole->tables = xcalloc(c->benchmarks_n + 1, sizeof *b->whole->tables);
	for (size_t i = 0; rc == 0 && i < c->benchmarks_n; i++)
		rc = expand_benchmark(b, &c->benchmarks[i], err);
	if (rc == 0 && campaign_has_roles(c)) {
		_cleanup_buf_ struct buf lacking = BUF_INIT;

		plan_note_no_tuple(b, &lacking);
		if (lacking.len > 0)
			add_note(b->plan, buf_take(&lacking));
	}
	return rc;
}
