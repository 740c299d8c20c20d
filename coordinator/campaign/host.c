/* Whether a host is one of a campaign's. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"
#include <stdio.h>

static bool has_name(const struct campaign *c, const struct plan_host *host, char why[256])
{
	if (c->hosts.names_n == 0)
		return true;
	for (size_t i = 0; i < c->hosts.names_n; i++)
		if (strcmp(c->hosts.names[i], host->name) == 0)
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

bool campaign_wants_host(const struct campaign *c, const struct plan_host *host, char why[256])
{
	json_t *inventory;
	bool ok = true;

	why[0] = '\0';
	if (!has_name(c, host, why))
		return false;
	inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	for (size_t i = 0; i < c->hosts.labels_n && ok; i++)
		ok = has_label(json_object_get(inventory, "labels"), &c->hosts.labels[i], why);
	json_decref(inventory);
	return ok && (!c->hosts.where || satisfies(c->hosts.where, host, why));
}
