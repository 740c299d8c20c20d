#include "coordinator/campaign/place.h"

#include "coordinator/campaign/cpus.h"
#include <errno.h>
#include <stdio.h>

int64_t place_threads(const json_t *inventory)
{
	const json_t *threads = json_object_get(inventory, "threads");

	if (!threads)
		threads = json_object_get(json_object_get(inventory, "cpu"), "threads");
	return json_integer_value(threads);
}

/* ---- what is asked for, and what there is ---- */

/* The settings of placement, rendered. */
struct request {
	struct buf texts[SETTING_OVERSUBSCRIBE + 1];
	int64_t values[SETTING_OVERSUBSCRIBE + 1];
};

static bool asks_for(const struct request *r, enum setting s, const char *word)
{
	return strcmp(r->texts[s].data, word) == 0;
}

static int render_request(struct request *r, struct names *n, struct error *err)
{
	for (enum setting s = SETTING_CPUS; s <= SETTING_OVERSUBSCRIBE; s++) {
		int rc = setting_render(s, n, &r->texts[s], &r->values[s], ABSENT, err);

		if (rc < 0)
			return rc;
	}
	if (asks_for(r, SETTING_POLICY, "explicit") && r->texts[SETTING_LIST].len == 0)
		return error_set(
			err, -EINVAL, "placement: 'policy: explicit' needs a 'list' of CPUs");
	return 0;
}

static const json_t *find_kind(const json_t *inventory, const char *name)
{
	const json_t *kinds = json_object_get(json_object_get(inventory, "cpu"), "kinds"), *kind;
	size_t i;

	json_array_foreach(kinds, i, kind)
	{
		const char *of = json_string_value(json_object_get(kind, "kind"));

		if (of && strcmp(of, name) == 0)
			return kind;
	}
	return NULL;
}

/* CPUs and cores of the kind that is asked for. A host that tells of no kinds has performance cores
 * alone. */
static void count_kind(
	const struct request *r, const json_t *inventory, int64_t *threads, int64_t *cores)
{
	const char *name = r->texts[SETTING_CORE_KIND].data;
	const json_t *cpu = json_object_get(inventory, "cpu"), *kind;

	*threads = place_threads(inventory);
	*cores = json_integer_value(json_object_get(inventory, "cores"));
	if (name[0] == '\0' || strcmp(name, "any") == 0)
		return;
	if (json_array_size(json_object_get(cpu, "kinds")) == 0 && strcmp(name, "performance") == 0)
		return;
	kind = find_kind(inventory, name);
	*threads = (int64_t)json_array_size(json_object_get(kind, "cpus"));
	*cores = json_integer_value(json_object_get(kind, "cores"));
}

/*
 * How many CPUs of a host are such as are asked for; ABSENT where its inventory does not tell. One
 * second sibling more than cores is a core with two CPUs.
 */
static int64_t count_there(const struct request *r, const json_t *inventory)
{
	int64_t packages =
		json_integer_value(json_object_get(json_object_get(inventory, "cpu"), "packages"));
	int64_t threads, cores, n;

	if (place_threads(inventory) <= 0)
		return ABSENT;
	if (asks_for(r, SETTING_POLICY, "explicit"))
		return r->values[SETTING_LIST];
	count_kind(r, inventory, &threads, &cores);
	n = threads;
	if (asks_for(r, SETTING_SMT, "avoid") && cores > 0)
		n = cores;
	else if (asks_for(r, SETTING_SMT, "only"))
		n = 2 * (threads - cores) < threads ? 2 * (threads - cores) : threads;
	if (r->values[SETTING_PACKAGES] != ABSENT && r->values[SETTING_PACKAGES] < packages &&
		n % packages == 0)
		n = n / packages * r->values[SETTING_PACKAGES];
	return n < 0 ? 0 : n;
}

/* ---- what a host has not ---- */

struct search {
	const json_t *kinds;
	int64_t missing; /* the first CPU that is of no kind */
};

static bool is_there(void *arg, int64_t cpu)
{
	struct search *search = arg;
	size_t i, k;
	json_t *kind, *one;

	json_array_foreach(search->kinds, i, kind)
	{
		json_array_foreach(json_object_get(kind, "cpus"), k, one)
		{
			if (json_integer_value(one) == cpu)
				return true;
		}
	}
	search->missing = cpu;
	return false;
}

/* The CPUs of a list are there, as far as the inventory tells which there are. */
static int check_list(const struct request *r, const struct names *n, struct error *err)
{
	struct search search = {
		.kinds = json_object_get(json_object_get(names_inventory(n), "cpu"), "kinds")};

	if (!asks_for(r, SETTING_POLICY, "explicit") || json_array_size(search.kinds) == 0 ||
		cpus_each(r->texts[SETTING_LIST].data, is_there, &search))
		return 0;
	return error_set(err, -EINVAL, "placement: 'list' has CPU %lld, which %s has not",
		(long long)search.missing, names_host_name(n));
}

/* " (efficiency cores, one CPU a core, of 1 package)" for what narrows the choice. */
static void add_narrowing(const struct request *r, struct buf *out)
{
	const char *kind = r->texts[SETTING_CORE_KIND].data;
	size_t start = out->len;

	if (asks_for(r, SETTING_POLICY, "explicit")) {
		buf_addf(out, " (of the list %s)", r->texts[SETTING_LIST].data);
		return;
	}
	if (kind[0] && strcmp(kind, "any") != 0)
		buf_addf(out, " (%s cores", kind);
	if (asks_for(r, SETTING_SMT, "avoid"))
		buf_addf(out, "%sone CPU a core", out->len > start ? ", " : " (");
	else if (asks_for(r, SETTING_SMT, "only"))
		buf_addf(out, "%scores with two threads", out->len > start ? ", " : " (");
	if (r->values[SETTING_PACKAGES] != ABSENT)
		buf_addf(out, "%s%lld package%s", out->len > start ? ", " : " (",
			(long long)r->values[SETTING_PACKAGES],
			r->values[SETTING_PACKAGES] == 1 ? "" : "s");
	buf_adds(out, out->len > start ? ")" : "");
}

static int check_packages(const struct request *r, const struct names *n, struct error *err)
{
	const json_t *cpu = json_object_get(names_inventory(n), "cpu");
	int64_t there = json_integer_value(json_object_get(cpu, "packages"));
	int64_t wanted = r->values[SETTING_PACKAGES];

	if (wanted == ABSENT || there <= 0 || wanted <= there)
		return 0;
	return error_set(err, -EINVAL, "placement: %lld packages asked for, %s has %lld",
		(long long)wanted, names_host_name(n), (long long)there);
}

static int check_count(
	const struct request *r, const struct names *n, int64_t there, struct error *err)
{
	int64_t cpus = r->values[SETTING_CPUS];
	bool may_share = r->values[SETTING_OVERSUBSCRIBE] == 1;
	_cleanup_buf_ struct buf narrowing = BUF_INIT;

	if (asks_for(r, SETTING_POLICY, "explicit") && cpus != ABSENT && cpus < there)
		return error_set(err, -EINVAL,
			"placement: %lld CPU%s asked for, and 'list' %s has %lld: leave out 'cpus'",
			(long long)cpus, cpus == 1 ? "" : "s", r->texts[SETTING_LIST].data,
			(long long)there);
	if (there == ABSENT || (there > 0 && (cpus == ABSENT || cpus <= there || may_share)))
		return 0;
	add_narrowing(r, &narrowing);
	if (cpus == ABSENT)
		return error_set(err, -EINVAL, "placement: CPUs asked for%s, %s has none",
			narrowing.data, names_host_name(n));
	return error_set(err, -EINVAL, "placement: %lld CPU%s asked for%s, %s has %lld",
		(long long)cpus, cpus == 1 ? "" : "s", narrowing.data, names_host_name(n),
		(long long)there);
}

static void fill_placement(const struct request *r, int64_t there, struct placement *out)
{
	out->cpus = r->values[SETTING_CPUS];
	out->there = there == ABSENT ? 0 : there;
	if (out->cpus != ABSENT || out->there > 0)
		snprintf(out->text, sizeof out->text, "%lld",
			(long long)(out->cpus != ABSENT ? out->cpus : out->there));
}

int place_find(struct names *n, struct placement *out, struct error *err)
{
	struct request r;
	int64_t there = ABSENT;
	int rc;

	*out = (struct placement){.cpus = ABSENT};
	for (size_t i = 0; i < ARRAY_SIZE(r.texts); i++)
		r.texts[i] = (struct buf)BUF_INIT;
	rc = render_request(&r, n, err);
	if (rc == 0)
		rc = check_list(&r, n, err);
	if (rc == 0)
		rc = check_packages(&r, n, err);
	if (rc == 0) {
		there = count_there(&r, names_inventory(n));
		rc = check_count(&r, n, there, err);
	}
	if (rc == 0) {
		fill_placement(&r, there, out);
		names_set_cpus(n, out->text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(r.texts); i++)
		buf_done(&r.texts[i]);
	return rc;
}

/* ---- other templates ---- */

/* What names no host and no expression cannot fail, but to find out which that are takes as long as
 * to replace them. */
static bool cannot_render(const char *text, struct names *n, struct error *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	return text && strchr(text, '{') && template_render(text, n, false, &out, err) < 0;
}

static bool any_cannot(const char *const *texts, size_t texts_n, struct names *n, struct error *err)
{
	for (size_t i = 0; i < texts_n; i++)
		if (cannot_render(texts[i], n, err))
			return true;
	return false;
}

static bool step_cannot(const struct step *s, struct names *n, struct error *err)
{
	return any_cannot((const char *const *)s->command, s->n, n, err);
}

static bool steps_cannot(const struct steps *s, struct names *n, struct error *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (step_cannot(&s->items[i], n, err))
			return true;
	return false;
}

static bool env_cannot(struct names *n, struct error *err)
{
	_cleanup_free_ const char **env = NULL;
	size_t env_n = configuration_env(names_configuration(n), &env);

	return any_cannot(env, env_n, n, err);
}

static bool settings_cannot(struct names *n, struct error *err)
{
	for (enum setting s = SETTING_OVERSUBSCRIBE + 1; s < SETTINGS; s++) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		int64_t value;

		if (setting_render(s, n, &text, &value, ABSENT, err) < 0)
			return true;
	}
	return false;
}

/* Of metrics, what is looked for; their expressions are of the run that was. */
static bool metrics_cannot(const struct benchmark *b, struct names *n, struct error *err)
{
	for (size_t i = 0; i < b->metrics_n; i++) {
		const struct benchmark_metric *m = &b->metrics[i];

		if (cannot_render(m->pattern, n, err) || cannot_render(m->json, n, err) ||
			cannot_render(m->path, n, err) || cannot_render(m->expect_value, n, err))
			return true;
	}
	return false;
}

bool place_cannot_render(struct names *n, struct error *err)
{
	const struct benchmark *b = names_configuration(n)->benchmark;

	for (size_t i = 0; i < b->collect_n; i++)
		if (cannot_render(b->collect[i].path, n, err))
			return true;
	return step_cannot(&b->requires, n, err) || steps_cannot(&b->setup, n, err) ||
	       settings_cannot(n, err) || steps_cannot(&b->prepare, n, err) ||
	       step_cannot(&b->command, n, err) || steps_cannot(&b->cleanup, n, err) ||
	       env_cannot(n, err) || cannot_render(b->workdir, n, err) || metrics_cannot(b, n, err);
}
