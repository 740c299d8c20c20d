/* Whether a host is one of a campaign's. */
#include "coordinator/campaign/campaign.h"
#include <jansson.h>
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

bool campaign_wants_host(const struct campaign *c, const struct plan_host *host, char why[256])
{
	json_t *inventory;
	bool ok = true;

	why[0] = '\0';
	if (!has_name(c, host, why))
		return false;
	if (c->hosts.labels_n == 0)
		return true;
	inventory = json_loads(host->inventory ? host->inventory : "{}", 0, NULL);
	for (size_t i = 0; i < c->hosts.labels_n && ok; i++)
		ok = has_label(json_object_get(inventory, "labels"), &c->hosts.labels[i], why);
	json_decref(inventory);
	return ok;
}
