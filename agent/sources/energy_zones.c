/*
 * energy_zones.c - names, order and states of zones
 */
#include "agent/sources/energy_zones.h"

#include <stdio.h>

void energy_zone_set_metric(struct energy_zone *z)
{
	struct buf name = BUF_INIT;

	buf_addf(&name, "energy.%s", z->name);
	if (z->domain != DOMAIN_PACKAGE && z->domain != DOMAIN_PSYS && z->package >= 0) {
		buf_addf(&name, "-%d", z->package);
		if (z->die >= 0)
			buf_addf(&name, "-die-%d", z->die);
	}
	for (char *c = name.data; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
			    strchr("._-", *c) != NULL))
			*c = '_';
	}
	snprintf(z->metric, sizeof z->metric, "%s", name.data);
	buf_done(&name);
}

void energy_zone_make(struct energy_zone *z, enum zone_domain domain, int package, int die)
{
	*z = (struct energy_zone){.domain = domain,
		.package = package,
		.die = die,
		.update_ns = ABSENT,
		.jitter_ns = ABSENT};
	if (domain == DOMAIN_PACKAGE && die >= 0)
		snprintf(z->name, sizeof z->name, "package-%d-die-%d", package, die);
	else if (domain == DOMAIN_PACKAGE || (domain == DOMAIN_PSYS && package > 0))
		snprintf(z->name, sizeof z->name, "%s-%d", zone_domain_name(domain), package);
	else
		snprintf(z->name, sizeof z->name, "%s", zone_domain_name(domain));
	if (domain == DOMAIN_PSYS)
		z->package = z->die = -1;
	energy_zone_set_metric(z);
}

void energy_zones_number_psys(struct energy_zone *const *zones, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += zones[i]->domain == DOMAIN_PSYS;
	for (size_t i = 0; i < n && count > 1; i++)
		if (zones[i]->domain == DOMAIN_PSYS && strcmp(zones[i]->name, "psys") == 0)
			snprintf(zones[i]->metric, sizeof zones[i]->metric, "energy.psys-0");
}

bool energy_zone_is_same(const struct energy_zone *a, const struct energy_zone *b)
{
	if (a->domain == DOMAIN_OTHER || a->domain != b->domain)
		return false;
	if (a->domain == DOMAIN_PSYS && strcmp(a->name, b->name) != 0)
		return false;
	return a->package == b->package && a->die == b->die;
}

int energy_zone_compare(const struct energy_zone *a, const struct energy_zone *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->package != b->package)
		return a->package < b->package ? -1 : 1;
	return a->die - b->die;
}

void energy_zone_refuse(struct energy_zone *z, enum zone_state state, const char *why, ...)
{
	va_list ap;

	z->state = state;
	va_start(ap, why);
	vsnprintf(z->why, sizeof z->why, why, ap);
	va_end(ap);
}

size_t energy_zones_channels(struct channel *out, const struct energy_zone *zones, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (zones[i].state != ZONE_OK)
			continue;
		struct channel *c = &out[count++];
		memcpy(c->name, zones[i].metric, sizeof c->name);
		c->unit = "uJ";
		c->kind = CHANNEL_COUNTER;
	}
	return count;
}

void energy_zones_read(const struct energy_zone *zones, size_t n,
	int64_t (*read_zone)(void *state, size_t zone), void *state, int64_t *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (zones[i].state != ZONE_OK)
			continue;
		int64_t value = read_zone(state, i);
		out[count++] = value >= 0 ? value : ABSENT;
	}
}
