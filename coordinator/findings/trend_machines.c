/* Hosts over the submissions of a campaign: a host whose fingerprint changed is another instrument.
 */
#include "coordinator/findings/host_text.h"
#include "coordinator/findings/machines.h"
#include "coordinator/findings/trend_parts.h"

static struct machine *machine_of(struct machines *m, const char *host)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->items[i].host, host) == 0)
			return &m->items[i];
	m->items = xreallocarray(m->items, m->n + 1, sizeof *m->items);
	m->items[m->n] = (struct machine){.host = xstrdup(host)};
	return &m->items[m->n++];
}

static const char *fingerprint_of(const json_t *inventory)
{
	return json_string_value(json_object_get(inventory, "fingerprint"));
}

static void add_state(struct machine *m, json_t *inventory)
{
	m->states = xreallocarray(m->states, m->n + 1, sizeof *m->states);
	m->states[m->n++] = inventory;
}

size_t machines_note(struct machines *all, const char *host, const char *inventory)
{
	struct machine *m = machine_of(all, host);
	json_t *now = host_inventory(inventory);
	const char *fingerprint = fingerprint_of(now);
	const char *last = m->n == 0 ? NULL : fingerprint_of(m->states[m->n - 1]);

	if (m->n == 0) {
		add_state(m, now);
	} else if (fingerprint == NULL || (last != NULL && strcmp(last, fingerprint) == 0)) {
		json_decref(now);
	} else if (last == NULL) { /* the first that is known is what it was all along */
		json_decref(m->states[m->n - 1]);
		m->states[m->n - 1] = now;
	} else {
		add_state(m, now);
	}
	return m->n - 1;
}

char *machines_why(const struct machines *all, const char *host, size_t from, size_t to)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct machine_differences d = {0};

	for (size_t i = 0; i < all->n; i++) {
		const struct machine *m = &all->items[i];

		if (strcmp(m->host, host) == 0 && from < m->n && to < m->n)
			machine_differences_of(m->states[to], m->states[from], &d);
	}
	for (size_t i = 0; i < d.n; i++)
		buf_addf(&out, "%s%s %s -> %s", i > 0 ? ", " : "", d.items[i].what,
			d.items[i].baseline, d.items[i].contender);
	machine_differences_done(&d);
	if (out.len == 0) /* of what is in the fingerprint alone: caches, core kinds */
		buf_adds(&out, "another fingerprint");
	return buf_take(&out);
}

void machines_done(struct machines *m)
{
	for (size_t i = 0; i < m->n; i++) {
		for (size_t k = 0; k < m->items[i].n; k++)
			json_decref(m->items[i].states[k]);
		free(m->items[i].states);
		free(m->items[i].host);
	}
	free(m->items);
	*m = (struct machines){0};
}
