/*
 * placement.c - choosing CPUs for a run: which ones may be used, and why these
 */
#include "agent/placement_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* As a campaign's limit on `cpus`: more threads than any machine has CPUs. */
#define CPUS_MAX 65536

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
	_cleanup_free_ const char **names = xcalloc(policies_n, sizeof *names);

	for (size_t i = 0; i < policies_n; i++)
		names[i] = policies[i].name;
	return find_word("policy", word, names, policies_n, 0, err);
}

/* ---- what is asked for ---- */

static int check_numbers(
	const struct placement_request *request, const struct policy *policy, struct error *err)
{
	if (request->cpus != ABSENT && request->cpus < 1)
		return error_set(err, -EINVAL,
			"placement: %" PRId64 " CPUs asked for, at least 1 expected",
			request->cpus);
	if (request->cpus != ABSENT && request->cpus > CPUS_MAX && request->may_oversubscribe)
		return error_set(err, -EINVAL,
			"placement: %" PRId64 " CPUs asked for, at most %d expected", request->cpus,
			CPUS_MAX);
	if (request->packages != ABSENT && request->packages < 0)
		return error_set(err, -EINVAL,
			"placement: %" PRId64 " packages asked for, at least 1 expected",
			request->packages);
	if (request->list != NULL && policy->order != NULL)
		return error_set(err, -EINVAL,
			"placement: a list is for the policy explicit, not for %s: give one of the "
			"two",
			policy->name);
	return 0;
}

/* The first packages where CPUs are allowed count; CPUs are sorted by package. */
static int find_last_package(const struct topology *t, struct wish *w, struct error *err)
{
	int64_t found = 0;

	for (size_t i = 0; i < t->n && w->packages != ABSENT; i++) {
		if (!t->cpus[i].is_allowed || (found > 0 && t->cpus[i].package == w->last_package))
			continue;
		if (found == w->packages)
			return 0;
		w->last_package = t->cpus[i].package;
		found++;
	}
	if (w->packages != ABSENT && found < w->packages)
		return error_set(err, -ENOSPC,
			"placement: %" PRId64 " packages asked for, %" PRId64
			" are there to be had",
			w->packages, found);
	return 0;
}

/* Returns the index of the policy, or negative. */
static int read_wish(const struct topology *t, const struct placement_request *request,
	struct wish *w, struct error *err)
{
	int policy = find_policy(request->policy, err);
	int smt = policy < 0 ? policy
			     : find_word("smt", request->smt, smt_words, ARRAY_SIZE(smt_words),
				       SMT_ALLOW, err);
	int kind = smt < 0 ? smt
			   : find_word("core_kind", request->core_kind, kind_words,
				     ARRAY_SIZE(kind_words), 0, err);
	if (kind < 0)
		return kind;
	int r = check_numbers(request, &policies[policy], err);
	if (r != 0)
		return r;
	*w = (struct wish){
		.smt = (enum smt)smt,
		.kind = kind - 1,
		.packages = request->packages == 0 ? ABSENT : request->packages,
		.last_package = -1,
	};
	r = find_last_package(t, w, err);
	return r != 0 ? r : policy;
}

/* ---- which CPUs may be used ---- */

size_t allowed_threads_of_core(const struct topology *t, const struct topology_cpu *c)
{
	const struct topology_cpu *p = c;
	size_t n = 0;

	while (p > t->cpus && p[-1].core == c->core)
		p--;
	for (; p < t->cpus + t->n && p->core == c->core; p++)
		n += p->is_allowed;
	return n;
}

int rank_of(const struct topology *t, const struct topology_cpu *c)
{
	int rank = 0;

	for (const struct topology_cpu *p = c; p > t->cpus && p[-1].core == c->core; p--)
		rank += p[-1].is_allowed;
	return rank;
}

/* How many CPUs each wish leaves, for the message of one that leaves too few. */
struct funnel {
	size_t allowed, in_packages, of_kind, left;
};

static size_t gather(
	const struct topology *t, const struct wish *w, struct candidate *out, struct funnel *f)
{
	int housekeeping_core = -1;

	*f = (struct funnel){0};
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].cpu == t->housekeeping)
			housekeeping_core = t->cpus[i].core;
	for (size_t i = 0; i < t->n; i++) {
		const struct topology_cpu *c = &t->cpus[i];
		bool is_there = c->is_allowed;
		f->allowed += is_there;
		is_there = is_there && (w->packages == ABSENT || c->package <= w->last_package);
		f->in_packages += is_there;
		is_there = is_there && (w->kind < 0 || (int)c->kind == w->kind);
		f->of_kind += is_there;
		if (!is_there || (w->smt == SMT_AVOID && rank_of(t, c) > 0) ||
			(w->smt == SMT_ONLY && allowed_threads_of_core(t, c) < 2))
			continue;
		out[f->left++] = (struct candidate){
			.cpu = c,
			.rank = rank_of(t, c),
			.is_last = c->cpu == t->housekeeping,
			.shares_housekeeping = c->core == housekeeping_core,
		};
	}
	return f->left;
}

static int too_few(const struct topology *t, const struct placement_request *request,
	const struct wish *w, const struct funnel *f, struct error *err)
{
	static const char *const smt_texts[] = {
		"without second threads of cores", "", "on cores with several threads"};
	_cleanup_buf_ struct buf why = BUF_INIT;

	buf_addf(&why, "%zu online, %zu allowed to this process", t->n, f->allowed);
	if (w->packages != ABSENT)
		buf_addf(&why, ", %zu in the first %s", f->in_packages,
			w->packages == 1 ? "package" : "packages");
	if (w->kind >= 0)
		buf_addf(&why, ", %zu on %s cores", f->of_kind, kind_words[w->kind + 1]);
	if (w->smt != SMT_ALLOW)
		buf_addf(&why, ", %zu %s", f->left, smt_texts[w->smt]);
	return error_set(err, -ENOSPC,
		"placement: %" PRId64 " CPUs asked for, %zu are there to be had: %s%s",
		request->cpus == ABSENT ? INT64_C(1) : request->cpus, f->left, why.data,
		f->left > 0 && !request->may_oversubscribe ? "; oversubscribe would use them again"
							   : "");
}

/* ---- the choice in words ---- */

static void describe_wish(struct buf *out, const struct wish *w)
{
	if (w->packages != ABSENT)
		buf_addf(out, ", in the first %" PRId64 " %s", w->packages,
			w->packages == 1 ? "package" : "packages");
	if (w->kind >= 0)
		buf_addf(out, ", %s cores only", kind_words[w->kind + 1]);
	if (w->smt == SMT_AVOID)
		buf_adds(out, ", no second threads of cores");
	if (w->smt == SMT_ONLY)
		buf_adds(out, ", on cores with several threads");
}

/* What was chosen, counted over different CPUs. */
struct tally {
	size_t cpus, kinds[CORE_LOWPOWER + 1];
	size_t seconds; /* share a core with another one */
	bool uses_housekeeping;
};

static struct tally count_chosen(const struct topology *t, const struct placement *p)
{
	_cleanup_free_ bool *chosen = xcalloc(t->n, sizeof *chosen);
	struct tally tally = {0};
	int before = -1; /* the core of the last chosen one: threads of a core are neighbours */

	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < p->n && !chosen[i]; j++)
			chosen[i] = p->cpus[j] == t->cpus[i].cpu;
	for (size_t i = 0; i < t->n; i++) {
		if (!chosen[i])
			continue;
		tally.cpus++;
		tally.kinds[t->cpus[i].kind]++;
		tally.seconds += t->cpus[i].core == before;
		tally.uses_housekeeping |= t->cpus[i].cpu == t->housekeeping;
		before = t->cpus[i].core;
	}
	return tally;
}

static void explain(struct placement *p, const struct topology *t, const struct policy *policy,
	const struct wish *w)
{
	const struct tally tally = count_chosen(t, p);
	_cleanup_buf_ struct buf text = BUF_INIT;

	p->uses_housekeeping = tally.uses_housekeeping;
	p->is_oversubscribed = tally.cpus < p->n;
	buf_addf(&text, "%s: %s", policy->name, policy->meaning);
	describe_wish(&text, w);
	if (tally.kinds[0] != tally.cpus && tally.kinds[1] != tally.cpus &&
		tally.kinds[2] != tally.cpus) {
		buf_adds(&text, "; kinds of cores are mixed:");
		for (size_t k = 0; k < ARRAY_SIZE(tally.kinds); k++)
			if (tally.kinds[k] > 0)
				buf_addf(&text, " %zu %s", tally.kinds[k],
					core_kind_name((enum core_kind)k));
	}
	if (tally.seconds > 0)
		buf_addf(&text, "; %zu share a core with another", tally.seconds);
	if (p->is_oversubscribed)
		buf_addf(&text, "; %zu CPUs for %zu threads", tally.cpus, p->n);
	if (p->uses_housekeeping)
		buf_addf(&text, "; CPU %d, which the agent itself uses, is among them",
			t->housekeeping);
	snprintf(p->reason, sizeof p->reason, "%s", text.data);
}

/* ---- the choice ---- */

static void take(struct placement *out, const struct candidate *c, size_t n, size_t want)
{
	out->cpus = xcalloc(want, sizeof *out->cpus);
	out->n = want;
	for (size_t i = 0; i < want; i++)
		out->cpus[i] = c[i % n].cpu->cpu;
}

static int choose_ordered(const struct topology *t, const struct placement_request *request,
	const struct policy *policy, const struct wish *w, struct placement *out, struct error *err)
{
	_cleanup_free_ struct candidate *c = xcalloc(t->n > 0 ? t->n : 1, sizeof *c);
	struct funnel funnel;
	size_t n = gather(t, w, c, &funnel);
	size_t want = request->cpus == ABSENT ? n : (size_t)request->cpus;

	if (n == 0 || (want > n && !request->may_oversubscribe))
		return too_few(t, request, w, &funnel, err);
	policy_order(policy, w->smt == SMT_ONLY, c, n, want < n ? want : n);
	take(out, c, n, want);
	return 0;
}

int placement_choose(const struct topology *t, const struct placement_request *request,
	struct placement *out, struct error *err)
{
	struct wish w;

	*out = (struct placement){0};
	int policy = read_wish(t, request, &w, err);
	if (policy < 0)
		return policy;
	int r = policies[policy].order == NULL
			? explicit_choose(t, request, &w, out, err)
			: choose_ordered(t, request, &policies[policy], &w, out, err);
	if (r == 0)
		explain(out, t, &policies[policy], &w);
	return r;
}

void placement_done(struct placement *p)
{
	free(p->cpus);
	*p = (struct placement){0};
}
