/* Which hosts a campaign runs on, and why the others do not take part. */
#include "coordinator/dispatch/submission.h"

static bool is_named(const struct campaign *c, const char *name)
{
	for (size_t i = 0; i < c->hosts.names_n; i++)
		if (strcmp(c->hosts.names[i], name) == 0)
			return true;
	return c->hosts.names_n == 0;
}

bool submission_is_gathering(struct dispatch *d, const struct campaign *c)
{
	const struct trusted_key *k;

	for (size_t i = 0; (k = keyring_at(d->config.keyring, i)) != NULL; i++) {
		if (k->role != ROLE_AGENT || !is_named(c, k->name))
			continue;
		const struct host *h = dispatch_host(d, k->public_key);
		/* One that went in order comes back with a HELLO, not within seconds. */
		if (h == NULL || (!host_is_connected(h) && !h->has_said_bye))
			return true;
	}
	return false;
}

static int by_host_name(const void *a, const void *b)
{
	return strcmp((*(struct host *const *)a)->name, (*(struct host *const *)b)->name);
}

static bool is_known(const struct dispatch *d, const char *name)
{
	for (const struct host *h = d->hosts; h != NULL; h = h->hh.next)
		if (strcmp(h->name, name) == 0)
			return true;
	return false;
}

static void add_host(const struct campaign *c, struct host *h, struct choice *out)
{
	const struct plan_host p = {.name = h->name, .inventory = h->inventory};
	char why[256];

	if (!campaign_wants_host(c, &p, why)) {
		buf_addf(&out->refused, "\n  %s: %s", h->name, why);
	} else if (!host_is_connected(h)) {
		buf_addf(&out->refused, "\n  %s: not connected", h->name);
		buf_addf(&out->notes, "%s is not connected and takes no part\n", h->name);
	} else if (h->admission != HOST_ADMITTED) {
		const char *state = h->admission == HOST_ASIDE ? "set aside" : "drained";
		buf_addf(&out->refused, "\n  %s: %s ('joulerig admit %s' takes it back)", h->name,
			state, h->name);
		buf_addf(&out->notes, "%s is %s and takes no part\n", h->name, state);
	} else {
		if (host_is_resting(h))
			buf_addf(&out->notes, "%s is in %s; its runs wait until then\n", h->name,
				h->rest);
		out->hosts = xreallocarray(out->hosts, out->n + 1, sizeof *out->hosts);
		out->hosts[out->n++] = h;
	}
}

static int no_host(const struct choice *c, struct error *err)
{
	if (c->refused.len == 0)
		return error_set(err, ERR_UNAVAILABLE,
			"no host: no agent is connected; start joulerig-agent on a machine and "
			"trust its key with 'joulerig key trust NAME KEY --role agent'");
	return error_set(err, ERR_UNAVAILABLE, "no host for this campaign:%s", c->refused.data);
}

/* Hosts with a meter and hosts without: then runs fail where there is none. */
static int no_meter(const struct campaign *c, const struct choice *choice, struct error *err)
{
	_cleanup_buf_ struct buf lacking = BUF_INIT;
	char why[256];

	for (size_t i = 0; i < choice->n; i++) {
		const struct host *h = choice->hosts[i];
		const struct plan_host p = {.name = h->name, .inventory = h->inventory};

		if (!campaign_lacks_meter(c, &p, why))
			return 0;
		buf_addf(&lacking, "\n  %s: %s", h->name, why);
	}
	return error_set(err, ERR_UNAVAILABLE,
		"no meter for this campaign, which says `energy: require`:%s", lacking.data);
}

int submission_choose(
	struct dispatch *d, const struct campaign *c, struct choice *out, struct error *err)
{
	choice_done(out);
	for (struct host *h = d->hosts; h != NULL; h = h->hh.next)
		add_host(c, h, out);
	for (size_t i = 0; i < c->hosts.names_n; i++) {
		if (is_known(d, c->hosts.names[i]))
			continue;
		buf_addf(&out->refused, "\n  %s: not known here", c->hosts.names[i]);
		buf_addf(
			&out->notes, "%s is not known here and takes no part\n", c->hosts.names[i]);
	}
	if (out->n == 0)
		return no_host(out, err);
	qsort(out->hosts, out->n, sizeof *out->hosts, by_host_name);
	return no_meter(c, out, err);
}

void choice_done(struct choice *c)
{
	free(c->hosts);
	buf_done(&c->refused);
	buf_done(&c->notes);
	*c = (struct choice){.refused = BUF_INIT, .notes = BUF_INIT};
}
