/* Hosts over the submissions of a campaign: a host whose fingerprint changed is another instrument.
 */
#include "coordinator/findings/host_text.h"
#include "coordinator/findings/trend_parts.h"
#include "proto/units.h"

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

/* ---- what differs ---- */

static json_t *at_path(const json_t *object, const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);
	json_t *found = (json_t *)(uintptr_t)object;
	char *rest = NULL;

	for (char *key = strtok_r(copy, ".", &rest); key != NULL; key = strtok_r(NULL, ".", &rest))
		found = json_object_get(found, key);
	return found;
}

/* A value in words: sizes with their unit, lists and objects as what they are. */
static char *value_text(const json_t *value, bool is_size)
{
	char size[32];

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_integer(value) && is_size)
		return xstrdup(units_format_size(size, json_integer_value(value)));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "on" : "off");
	if (value == NULL || json_is_null(value))
		return xstrdup("unknown");
	if (json_is_number(value))
		return json_dumps(value, JSON_ENCODE_ANY);
	return NULL;
}

static void add_difference(struct buf *out, const char *what, const char *from, const char *to)
{
	buf_addf(out, "%s%s", out->len > 0 ? ", " : "", what);
	if (from != NULL && to != NULL && strcmp(from, to) != 0)
		buf_addf(out, " %s -> %s", from, to);
	else
		buf_adds(out, " differs");
}

/* What is compared, in the order of what people look for first; the words are what is told. */
static const struct {
	const char *path, *words;
	bool is_size;
} parts[] = {
	{"cpu.model", "CPU", false},
	{"cpu.microcode", "microcode", false},
	{"cpu.packages", "packages", false},
	{"cores", "cores", false},
	{"threads", "threads", false},
	{"cpu.kinds", "core kinds", false},
	{"cpu.stepping", "stepping", false},
	{"numa", "NUMA nodes", false},
	{"memory", "memory", true},
	{"kernel", "kernel", false},
	{"hypervisor", "hypervisor", false},
	{"caches", "caches", false},
	{"energy.source", "energy source", false},
	{"governor", "governor", false},
	{"turbo", "turbo", false},
	{"power_limits", "power limits", false},
};

char *machines_why(const struct machines *all, const char *host, size_t from, size_t to)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const struct machine *m = NULL;

	for (size_t i = 0; i < all->n && m == NULL; i++)
		if (strcmp(all->items[i].host, host) == 0)
			m = &all->items[i];
	for (size_t i = 0; m != NULL && from < m->n && to < m->n && i < ARRAY_SIZE(parts); i++) {
		const json_t *before = at_path(m->states[from], parts[i].path);
		const json_t *after = at_path(m->states[to], parts[i].path);

		if (json_equal(before, after) || before == after)
			continue;
		_cleanup_free_ char *old = value_text(before, parts[i].is_size);
		_cleanup_free_ char *new = value_text(after, parts[i].is_size);
		add_difference(&out, parts[i].words, old, new);
	}
	if (out.len == 0)
		buf_adds(&out, "its fingerprint");
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
