/*
 * placement.c - choosing CPUs for a run, and lists of CPUs as text
 */
#include "agent/placement.h"

#include <errno.h>
#include <stdio.h>

/* A policy sorts the CPUs that a run may use; the run gets the first ones. */
struct policy {
	const char *name;
	int (*compare)(const void *a, const void *b); /* of struct candidate */
	const char *meaning;
};

struct candidate {
	const struct topology_cpu *cpu;
	int rank; /* 0 for the first allowed thread of its core, 1 for the second, ... */
	bool is_housekeeping;
	bool shares_housekeeping; /* a thread of the same core */
};

#define COMPARE(a, b)                                                                              \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

/* Topology numbers cores in the order of package, die, kind, last-level cache and CPU. */
static int compare_close(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->is_housekeeping, y->is_housekeeping);
	COMPARE(x->rank, y->rank);
	COMPARE(x->cpu->core, y->cpu->core);
	return 0;
}

/* With `smt: only` the siblings of a core stay together, whatever the policy. */
static int compare_siblings(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	COMPARE(x->shares_housekeeping, y->shares_housekeeping);
	COMPARE(x->cpu->core, y->cpu->core);
	COMPARE(x->is_housekeeping, y->is_housekeeping);
	COMPARE(x->rank, y->rank);
	return 0;
}

static const struct policy policies[] = {
	{"close", compare_close, "one thread per core, neighbours first"},
};

enum smt { SMT_AVOID, SMT_ALLOW, SMT_ONLY };
static const char *const smt_words[] = {"avoid", "allow", "only"};
static const char *const kind_words[] = {"any", "performance", "efficiency", "lowpower"};

/* Index of word in words; NULL is the word at fallback. Returns -EINVAL with the nearest one. */
static int find_word(const char *what, const char *word, const char *const *words, size_t n,
	int fallback, struct error *err)
{
	if (word == NULL)
		return fallback;
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;

	_cleanup_buf_ struct buf known = BUF_INIT;
	for (size_t i = 0; i < n; i++)
		buf_addf(&known, "%s%s", i > 0 ? ", " : "", words[i]);
	const char *near = nearest_word(word, words, n);
	return error_set(err, -EINVAL, "placement: unknown %s '%s'%s%s%s (known: %s)", what, word,
		near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "", known.data);
}

static int find_policy(const char *word, struct error *err)
{
	const char *names[ARRAY_SIZE(policies)];

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		names[i] = policies[i].name;
	return find_word("policy", word, names, ARRAY_SIZE(policies), 0, err);
}

static size_t allowed_threads_of_core(const struct topology *t, int core)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->cpus[i].core == core && t->cpus[i].is_allowed;
	return n;
}

/* How many allowed threads of the same core come before this one; they are neighbours in the array.
 */
static int rank_of(const struct topology *t, const struct topology_cpu *c)
{
	int rank = 0;

	for (const struct topology_cpu *p = c; p > t->cpus && p[-1].core == c->core; p--)
		rank += p[-1].is_allowed;
	return rank;
}

static bool is_wanted(
	const struct topology *t, const struct topology_cpu *c, enum smt smt, int kind)
{
	if (!c->is_allowed || (kind > 0 && (int)c->kind != kind - 1))
		return false;
	if (smt == SMT_AVOID)
		return rank_of(t, c) == 0;
	return smt == SMT_ALLOW || allowed_threads_of_core(t, c->core) > 1;
}

static size_t gather(const struct topology *t, enum smt smt, int kind, struct candidate *out)
{
	size_t n = 0;
	int housekeeping_core = -1;

	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].cpu == t->housekeeping)
			housekeeping_core = t->cpus[i].core;
	for (size_t i = 0; i < t->n; i++) {
		const struct topology_cpu *c = &t->cpus[i];
		if (is_wanted(t, c, smt, kind))
			out[n++] = (struct candidate){c, rank_of(t, c), c->cpu == t->housekeeping,
				c->core == housekeeping_core};
	}
	return n;
}

/* The wish in words, for reasons and errors: "" or " without SMT siblings on performance cores". */
static void describe_wish(char *out, size_t size, enum smt smt, int kind)
{
	static const char *const smt_texts[] = {
		", no second threads of cores", "", ", on cores with several threads"};

	snprintf(out, size, "%s%s%s%s", smt_texts[smt], kind > 0 ? ", " : "",
		kind > 0 ? kind_words[kind] : "", kind > 0 ? " cores only" : "");
}

static void explain(struct placement *p, const struct candidate *c, const struct policy *policy,
	const char *wish)
{
	size_t seconds = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < i; j++)
			if (c[j].cpu->core == c[i].cpu->core) {
				seconds++;
				break;
			}
	int n = snprintf(
		p->reason, sizeof p->reason, "%s: %s%s", policy->name, policy->meaning, wish);
	if (seconds > 0 && n < (int)sizeof p->reason)
		n += snprintf(p->reason + n, sizeof p->reason - (size_t)n,
			"; %zu share a core with another", seconds);
	if (p->uses_housekeeping && n < (int)sizeof p->reason)
		snprintf(p->reason + n, sizeof p->reason - (size_t)n,
			"; CPU %d, which the agent itself uses, is among them",
			c[p->n - 1].cpu->cpu);
}

static void take(struct placement *out, const struct candidate *c, size_t n)
{
	out->cpus = xcalloc(n, sizeof *out->cpus);
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		out->cpus[i] = c[i].cpu->cpu;
		out->uses_housekeeping = out->uses_housekeeping || c[i].is_housekeeping;
	}
}

int placement_choose(const struct topology *t, const struct placement_request *request,
	struct placement *out, struct error *err)
{
	char wish[96];

	*out = (struct placement){0};
	int policy = find_policy(request->policy, err);
	int smt = policy < 0 ? policy
			     : find_word("smt", request->smt, smt_words, ARRAY_SIZE(smt_words),
				       SMT_ALLOW, err);
	int kind = smt < 0 ? smt
			   : find_word("core_kind", request->core_kind, kind_words,
				     ARRAY_SIZE(kind_words), 0, err);
	if (kind < 0)
		return kind;
	if (request->cpus != ABSENT && request->cpus < 1)
		return error_set(err, -EINVAL,
			"placement: %lld CPUs asked for, at least 1 expected",
			(long long)request->cpus);
	describe_wish(wish, sizeof wish, (enum smt)smt, kind);

	_cleanup_free_ struct candidate *c = xcalloc(t->n > 0 ? t->n : 1, sizeof *c);
	size_t n = gather(t, (enum smt)smt, kind, c);
	if (n == 0 || (request->cpus != ABSENT && (uint64_t)request->cpus > n))
		return error_set(err, -ENOSPC,
			"placement: %lld CPUs asked for, %zu are there to be had%s",
			request->cpus == ABSENT ? 1LL : (long long)request->cpus, n, wish);
	qsort(c, n, sizeof *c, smt == SMT_ONLY ? compare_siblings : policies[policy].compare);
	take(out, c, request->cpus == ABSENT ? n : (size_t)request->cpus);
	explain(out, c, &policies[policy], wish);
	return 0;
}

void placement_done(struct placement *p)
{
	free(p->cpus);
	*p = (struct placement){0};
}

static int compare_int(const void *a, const void *b)
{
	COMPARE(*(const int *)a, *(const int *)b);
	return 0;
}

char *cpu_list_format(const int *cpus, size_t n)
{
	_cleanup_free_ int *sorted = xcalloc(n > 0 ? n : 1, sizeof *sorted);
	struct buf out = BUF_INIT;

	if (n > 0)
		memcpy(sorted, cpus, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_int);
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;
		while (end < n && sorted[end] <= sorted[end - 1] + 1)
			end++;
		buf_addf(&out, "%s%d", i > 0 ? "," : "", sorted[i]);
		if (sorted[end - 1] > sorted[i])
			buf_addf(&out, "-%d", sorted[end - 1]);
		i = end;
	}
	return out.len > 0 ? buf_take(&out) : xstrdup("");
}

/* One CPU number at *p, which moves behind it; -1 where there is none. Numbers end far below the
 * limit of int. */
static int parse_cpu(const char **p)
{
	int n = 0, digits = 0;

	for (; **p >= '0' && **p <= '9' && digits < 7; (*p)++, digits++)
		n = n * 10 + (**p - '0');
	return digits > 0 && digits < 7 ? n : -1;
}

int cpu_list_parse(const char *text, int **out, size_t *n, struct error *err)
{
	struct buf list = BUF_INIT;
	const char *p = text;

	*out = NULL;
	*n = 0;
	while (*p != '\0') {
		int first = parse_cpu(&p), last = first;
		if (first >= 0 && *p == '-') {
			p++;
			last = parse_cpu(&p);
		}
		if (first < 0 || last < first || (*p != ',' && *p != '\0') ||
			(*p == ',' && p[1] == '\0')) {
			buf_done(&list);
			return error_set(err, -EINVAL,
				"CPU list '%s': a list such as 0-3,8 was expected", text);
		}
		for (int c = first; c <= last; c++)
			buf_add(&list, &c, sizeof c);
		p += *p == ',';
	}
	*n = list.len / sizeof **out;
	*out = xcalloc(*n > 0 ? *n : 1, sizeof **out);
	memcpy(*out, list.data, list.len);
	buf_done(&list);
	return 0;
}
