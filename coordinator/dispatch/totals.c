#include "coordinator/dispatch/totals.h"

#include "coordinator/analysis/samples.h"
#include "proto/clock.h"
#include <stdio.h>

#define LOOK_NS NS_PER_S

const double totals_bounds[TOTALS_BOUNDS] = {
	0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10};

struct totals_pending {
	char host[65];        /* "": none */
	enum run_state state; /* STATE_N: a part, which is no result by itself */
	int64_t at;
	int64_t energy_uj[TOTALS_DOMAINS], run_uw, idle_uw; /* ABSENT where not told */
};

static const char *const domains[TOTALS_DOMAINS] = {
	[TOTALS_PACKAGE] = "package",
	[TOTALS_CORE] = "core",
	[TOTALS_UNCORE] = "uncore",
	[TOTALS_DRAM] = "dram",
	[TOTALS_PSYS] = "psys",
};

const char *totals_domain_name(enum totals_domain d)
{
	return domains[d];
}

struct totals *totals_new(void)
{
	return xcalloc(1, sizeof(struct totals));
}

void totals_free(struct totals *t)
{
	struct totals_host *h, *next;

	if (t == NULL)
		return;
	HASH_ITER (hh, t->hosts, h, next) {
		HASH_DEL(t->hosts, h);
		free(h);
	}
	free(t->pending);
	free(t);
}

void totals_host_init(struct totals_host *h, const char *name)
{
	*h = (struct totals_host){.run_uw = ABSENT,
		.idle_uw = ABSENT,
		.result_at = ABSENT,
		.live_ns = ABSENT,
		.looked_ns = ABSENT};
	snprintf(h->name, sizeof h->name, "%s", name);
	for (size_t i = 0; i < TOTALS_DOMAINS; i++)
		h->energy_uj[i] = h->live_uw[i] = ABSENT;
}

static struct totals_host *host_of(struct totals *t, const char *name)
{
	struct totals_host *h;

	HASH_FIND_STR(t->hosts, name, h);
	if (h != NULL)
		return h;
	h = xcalloc(1, sizeof *h);
	totals_host_init(h, name);
	HASH_ADD_STR(t->hosts, name, h);
	return h;
}

/* ---- results ---- */

/* The domain of "energy.package"; TOTALS_DOMAINS: it is none. */
static enum totals_domain domain_of(const char *name, size_t len)
{
	static const char prefix[] = "energy.";

	if (len < sizeof prefix || strncmp(name, prefix, sizeof prefix - 1) != 0)
		return TOTALS_DOMAINS;
	name += sizeof prefix - 1;
	len -= sizeof prefix - 1;
	for (size_t i = 0; i < TOTALS_DOMAINS; i++)
		if (strlen(domains[i]) == len && strncmp(domains[i], name, len) == 0)
			return (enum totals_domain)i;
	return TOTALS_DOMAINS;
}

static void take_metric(struct totals_pending *p, const struct message_metric *m)
{
	enum totals_domain d = domain_of(m->name, strlen(m->name));

	if (m->value == ABSENT || m->value < 0)
		return;
	if (d < TOTALS_DOMAINS)
		p->energy_uj[d] = m->value;
	else if (strcmp(m->name, "power.package") == 0)
		p->run_uw = m->value;
	else if (strcmp(m->name, "power.package.idle") == 0)
		p->idle_uw = m->value;
}

static void add_pending(struct totals *t, const char *host, enum run_state state,
	const struct message_metric *metrics, size_t metrics_n)
{
	if (t->pending_n == t->pending_size) {
		t->pending_size = t->pending_size ? 2 * t->pending_size : 64;
		t->pending = xreallocarray(t->pending, t->pending_size, sizeof *t->pending);
	}
	struct totals_pending *p = &t->pending[t->pending_n++];
	*p = (struct totals_pending){
		.state = state, .at = clock_realtime_ns(), .run_uw = ABSENT, .idle_uw = ABSENT};
	snprintf(p->host, sizeof p->host, "%s", host != NULL ? host : "");
	for (size_t i = 0; i < TOTALS_DOMAINS; i++)
		p->energy_uj[i] = ABSENT;
	for (size_t i = 0; i < metrics_n && host != NULL; i++)
		take_metric(p, &metrics[i]);
}

void totals_result(struct totals *t, const char *host, const struct store_result *row)
{
	if (t != NULL)
		add_pending(t, host, run_state_by_name(row->state), row->metrics, row->metrics_n);
}

void totals_part(struct totals *t, const char *host, const struct message_result *m)
{
	if (t != NULL)
		add_pending(t, host, STATE_N, m->metrics.items, m->metrics.n);
}

static void add_energy(int64_t *sum, int64_t more)
{
	int64_t both;

	if (more != ABSENT && !__builtin_add_overflow(*sum != ABSENT ? *sum : 0, more, &both))
		*sum = both;
}

static void count_at_host(struct totals_host *h, const struct totals_pending *p)
{
	h->results++;
	h->result_at = p->at;
	for (size_t i = 0; i < TOTALS_DOMAINS; i++)
		add_energy(&h->energy_uj[i], p->energy_uj[i]);
	if (p->run_uw != ABSENT)
		h->run_uw = p->run_uw;
	if (p->idle_uw != ABSENT)
		h->idle_uw = p->idle_uw;
}

void totals_committed(struct totals *t, int64_t took_ns)
{
	size_t bucket = 0;

	if (t == NULL)
		return;
	while (bucket < TOTALS_BOUNDS && (double)took_ns > totals_bounds[bucket] * 1e9)
		bucket++;
	t->commits[bucket]++;
	t->commit_ns += took_ns;
	for (size_t i = 0; i < t->pending_n; i++) {
		const struct totals_pending *p = &t->pending[i];
		if (p->state < STATE_N)
			t->results[p->state]++;
		if (p->host[0] != '\0')
			count_at_host(host_of(t, p->host), p);
	}
	t->pending_n = 0;
}

void totals_forget(struct totals *t)
{
	if (t != NULL)
		t->pending_n = 0;
}

/* ---- samples ---- */

/* The domain of "energy.package-0", a counter in uJ. */
static enum totals_domain domain_of_channel(const struct sample_channel *c)
{
	const char *dash = strrchr(c->name, '-');

	if (!c->is_counter || strcmp(c->unit, "uJ") != 0)
		return TOTALS_DOMAINS;
	return domain_of(c->name, dash != NULL ? (size_t)(dash - c->name) : strlen(c->name));
}

/* Mean power of each domain over the chunk; unknown where a value at either end was not read. */
static void take_powers(struct totals_host *h, const struct samples *s)
{
	const int64_t *first = s->values, *last = s->values + (s->n - 1) * s->channels_n;
	double seconds = ((double)s->times[s->n - 1] - (double)s->times[0]) / 1e9;
	double sum[TOTALS_DOMAINS] = {0};
	bool is_known[TOTALS_DOMAINS] = {false}, is_broken[TOTALS_DOMAINS] = {false};

	for (size_t i = 0; i < s->channels_n; i++) {
		enum totals_domain d = domain_of_channel(&s->channels[i]);
		if (d == TOTALS_DOMAINS)
			continue;
		is_known[d] = true;
		is_broken[d] |= first[i] == ABSENT || last[i] == ABSENT || last[i] < first[i];
		if (!is_broken[d])
			sum[d] += (double)last[i] - (double)first[i];
	}
	for (size_t d = 0; d < TOTALS_DOMAINS; d++)
		h->live_uw[d] = is_known[d] && !is_broken[d] && sum[d] / seconds < 1e15
					? (int64_t)(sum[d] / seconds)
					: ABSENT;
}

void totals_samples(
	struct totals *t, const char *host, int64_t now_ns, int64_t offset, const struct blob *data)
{
	struct error err = {0};
	struct samples s;
	int64_t age;

	if (t == NULL || offset == ABSENT)
		return;
	struct totals_host *h = host_of(t, host);
	if (h->looked_ns != ABSENT && now_ns - h->looked_ns < LOOK_NS)
		return;
	h->looked_ns = now_ns;
	if (samples_decode(&s, data->data, data->len, &err) < 0)
		return; /* whoever reads them from the store is told of it */
	if (s.n >= 2 && s.times[s.n - 1] > s.times[0] &&
		!__builtin_add_overflow(s.times[s.n - 1], offset, &age) &&
		!__builtin_sub_overflow(clock_raw_ns(), age, &age)) {
		h->live_ns = now_ns - (age > 0 ? age : 0);
		take_powers(h, &s);
	}
	samples_done(&s);
}
