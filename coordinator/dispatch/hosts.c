/* The table of hosts: in the order of their names, found by key and by the connection that each
 * said HELLO on last. */
#include "coordinator/dispatch/core.h"

#include <stdio.h>

/* PINGs a second, of all hosts together, that the heartbeat is made longer for, up to the longest:
 * four of which are a lease. */
#define PINGS_A_SECOND   100
#define HEARTBEAT_MAX_NS (15 * NS_PER_S)

struct host *dispatch_host(struct dispatch *d, const char *public_key)
{
	struct host *h;

	HASH_FIND_STR(d->hosts, public_key, h);
	return h;
}

struct host *dispatch_add_host(struct dispatch *d, const char *public_key, const char *name)
{
	struct host *h = xcalloc(1, sizeof *h);

	snprintf(h->public_key, sizeof h->public_key, "%s", public_key);
	snprintf(h->name, sizeof h->name, "%s", name);
	h->offset = h->delay = h->seen_at = ABSENT;
	h->heartbeat_ns = HEARTBEAT_NS;
	h->due = &d->due;
	d->look_ns = INT64_MIN; /* at the next tick */
	HASH_ADD_KEYPTR_INORDER(
		hh, d->hosts, h->public_key, strlen(h->public_key), h, host_by_name);
	return h;
}

void dispatch_name_host(struct dispatch *d, struct host *h, const char *name)
{
	if (strcmp(h->name, name) == 0)
		return;
	snprintf(h->name, sizeof h->name, "%s", name);
	HASH_SORT(d->hosts, host_by_name);
}

void dispatch_route_host(struct dispatch *d, struct host *h, const struct route *route)
{
	struct host *other = dispatch_host_at(d, route);

	if (other == h)
		return;
	if (other != NULL) /* cannot be: a route is one connection's, and that has one key */
		HASH_DELETE(hh_route, d->routes, other);
	if (h->route.len > 0 && dispatch_host_at(d, &h->route) == h)
		HASH_DELETE(hh_route, d->routes, h);
	h->route = *route;
	HASH_ADD(hh_route, d->routes, route, sizeof h->route, h);
}

struct host *dispatch_host_at(const struct dispatch *d, const struct route *route)
{
	struct host *h;

	HASH_FIND(hh_route, d->routes, route, sizeof *route, h);
	return h;
}

int64_t dispatch_heartbeat(const struct dispatch *d)
{
	int64_t every_ns = (int64_t)HASH_COUNT(d->hosts) * NS_PER_S / PINGS_A_SECOND;

	return every_ns < HEARTBEAT_NS       ? HEARTBEAT_NS
	       : every_ns > HEARTBEAT_MAX_NS ? HEARTBEAT_MAX_NS
					     : every_ns;
}

int64_t dispatch_credit(const struct dispatch *d)
{
	int64_t bytes = CREDIT_ALL / ((int64_t)HASH_COUNT(d->hosts) + 1);
	int64_t most = d->config.credit > 0 ? d->config.credit : CREDIT_MOST;

	if (bytes < CREDIT_LEAST)
		bytes = CREDIT_LEAST;
	return bytes < most ? bytes : most;
}
