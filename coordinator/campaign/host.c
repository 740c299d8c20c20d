/* Whether a host is one of a campaign's. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"
#include <stdio.h>

static bool has_name(const struct host_choice *c, const struct plan_host *host, char why[256])
{
	if (c->names_n == 0)
		return true;
	for (size_t i = 0; i < c->names_n; i++)
		if (strcmp(c->names[i], host->name) == 0)
			return true;
	snprintf(why, 256, "name '%.100s' is none of hosts.names", host->name);
	return false;
}

static bool has_label(const json_t *labels, const struct message_pair *want, char why[256])
{
	const char *value = json_string_value(json_object_get(labels, want->key));

	if (value && strcmp(value, want->value) == 0)
		return true;
	if (value)
		snprintf(why, 256, "label %.64s is '%.64s', not '%.64s'", want->key, value,
			want->value);
	else
		snprintf(why, 256, "no label %.64s (wanted '%.64s')", want->key, want->value);
	return false;
}

/* Whether where holds on a host; it knows the host alone. */
static bool satisfies(const struct expression *where, const struct plan_host *host, char why[256])
{
	struct names *n = names_open(NULL);
	_cleanup_buf_ struct buf values = BUF_INIT;
	struct error err = {0};
	int holds = names_set_host(n, host->name, host->inventory, &err);

	if (holds == 0)
		holds = names_holds(n, where, &err);
	if (holds < 0) {
		snprintf(why, 256, "%.255s", err.text);
	} else if (holds == 0) {
		names_describe(n, where, &values);
		snprintf(why, 256, "where: %.120s: false here%s%.100s%s", where->text,
			values.len ? " (" : "", values.data, values.len ? ")" : "");
	}
	names_close(n);
	return holds > 0;
}

static bool matches(const struct host_choice *c, const struct plan_host *host, char why[256])
{
	json_t *inventory;
	bool ok = true;

	why[0] = '\0';
	if (!has_name(c, host, why))
		return false;
	inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	for (size_t i = 0; i < c->labels_n && ok; i++)
		ok = has_label(json_object_get(inventory, "labels"), &c->labels[i], why);
	json_decref(inventory);
	return ok && (!c->where || satisfies(c->where, host, why));
}

bool campaign_has_host(const struct campaign *c, const struct plan_host *host, char why[256])
{
	return matches(&c->hosts, host, why);
}

bool campaign_role_wants_host(const struct campaign *c, const struct campaign_role *role,
	const struct plan_host *host, char why[256])
{
	const struct host_choice *own = &role->hosts;
	bool has_own = own->names_n > 0 || own->labels_n > 0 || own->where;

	return matches(has_own ? own : &c->hosts, host, why);
}

bool campaign_has_roles(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (c->benchmarks[i].roles_n > 0)
			return true;
	return false;
}

bool campaign_wants_host(const struct campaign *c, const struct plan_host *host, char why[256])
{
	bool is_alone = false; /* some benchmark runs on one host */

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];

		is_alone |= b->roles_n == 0;
		for (size_t r = 0; r < b->roles_n; r++)
			if (campaign_role_wants_host(c, &b->roles[r], host, why))
				return true;
	}
	return (is_alone || c->benchmarks_n == 0) && matches(&c->hosts, host, why);
}

/* A source that is asked for by name is not that which the inventory was made with. */
static bool requires_energy(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct measuring *m = &c->benchmarks[i].measure;

		if (m->energy == NULL || strcmp(m->energy, "require") != 0 ||
			(m->source != NULL && strcmp(m->source, "auto") != 0))
			return false;
	}
	return c->benchmarks_n > 0;
}

bool campaign_lacks_meter(const struct campaign *c, const struct plan_host *host, char why[256])
{
	if (!requires_energy(c))
		return false;
	json_t *inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	const json_t *energy = json_object_get(inventory, "energy");
	const char *text = json_string_value(json_object_get(energy, "why"));
	bool lacks = json_is_null(json_object_get(energy, "source"));

	snprintf(why, 256, "%.255s", text != NULL ? text : "no energy counters");
	json_decref(inventory);
	return lacks;
}
