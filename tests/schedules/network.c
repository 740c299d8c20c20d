/*
 * Connections. Within one, what arrives does so in order; what was under way when it broke arrives
 * up to some point, and that may be later than what the next connection brings.
 */
#include "tests/schedules/schedules.h"

#include "agent/conversation.h"

#include <errno.h>
#include <utlist.h>

#define NOTICED_NS   (20 * NS_PER_S) /* a dead connection, by both sides */
#define RETRY_NS     (5 * NS_PER_S)
#define LATENCY_NS   (2 * NS_PER_MS)
#define STRAGGLE_NS  (3 * NS_PER_S)  /* in the queue of a coordinator that is busy */
#define LEFT_OVER_NS (3 * NS_PER_MS) /* in that of an agent */

enum direction { UP, DOWN };

struct packet {
	struct wire *wire;
	enum direction direction;
	void *data;
	size_t len;
	int64_t at;
	struct event *event;
	struct packet *prev, *next;
};

struct wire {
	struct route route;
	struct node *node;
	bool is_cut;
	bool has_said;             /* HELLO: there is room for that */
	int64_t gone_ns;           /* when the coordinator knows */
	int64_t last[2];           /* of each direction */
	struct packet *packets[2]; /* under way, in order */
	struct event *noticed;     /* when the agent knows */
	struct wire *prev, *next;
};

static struct {
	struct wire *wires;
	struct event *connecting[NODES_MAX];
	int64_t parted_until[NODES_MAX];
	uint32_t routes;
	bool is_rough;
} network;

/* ---- packets ---- */

static void drop_packet(struct packet *p)
{
	DL_DELETE(p->wire->packets[p->direction], p);
	world_cancel(p->event);
	free(p->data);
	free(p);
}

static void on_arrival(void *arg)
{
	struct packet *p = arg;
	struct node *n = p->wire->node;
	void *data = p->data;

	p->event = NULL;
	p->data = NULL;
	if (p->direction == UP) {
		coordinator_receive(&p->wire->route, n, data, p->len);
	} else if (n->c != NULL) {
		conversation_on_frame(n->c, data, p->len);
		free(data);
	}
	drop_packet(p);
	if (n->c != NULL)
		agent_settle(n);
}

static void set_time(struct packet *p, int64_t at)
{
	world_cancel(p->event);
	p->at = at;
	p->event = world_at(at, p->direction == UP ? NULL : &p->wire->node->process, on_arrival, p);
}

static void send(struct wire *w, enum direction direction, const void *data, size_t len)
{
	struct packet *p = xcalloc(1, sizeof *p);
	int64_t at = world_now + some_time(network.is_rough ? NS_PER_S : LATENCY_NS);

	if (at < w->last[direction])
		at = w->last[direction];
	if (at < network.parted_until[w->node->index])
		at = network.parted_until[w->node->index];
	w->last[direction] = at;
	*p = (struct packet){.wire = w, .direction = direction, .len = len};
	p->data = xmalloc(len + 1);
	memcpy(p->data, data, len);
	DL_APPEND(w->packets[direction], p);
	set_time(p, at);
}

static void send_some(struct wire *w, enum direction direction, const void *data, size_t len)
{
	if (w->is_cut)
		return; /* nobody has noticed yet */
	send(w, direction, data, len);
	if (network.is_rough && happens(20))
		send(w, direction, data, len);
}

int wire_send_up(struct wire *w, const void *data, size_t len)
{
	if (network.is_rough && w->has_said && happens(15))
		return -EAGAIN;
	w->has_said = true;
	send_some(w, UP, data, len);
	return 0;
}

static struct wire *find(const struct route *r)
{
	struct wire *w;

	DL_FOREACH (network.wires, w) {
		if (route_equal(&w->route, r))
			return w;
	}
	return NULL;
}

const struct node *network_node_of(const struct route *r)
{
	const struct wire *w = find(r);

	return w != NULL && !w->is_cut ? w->node : NULL;
}

const struct node *network_node_behind(const struct route *r)
{
	const struct wire *w = find(r);

	return w != NULL ? w->node : NULL;
}

int network_send_down(const struct route *to, const void *data, size_t len)
{
	struct wire *w = find(to);

	if (w == NULL || (w->is_cut && world_now >= w->gone_ns))
		return -EHOSTUNREACH;
	w->node->is_full = network.is_rough && happens(15);
	if (w->node->is_full)
		return -EAGAIN;
	send_some(w, DOWN, data, len);
	return 0;
}

/* ---- connecting ---- */

static void on_connect(void *arg)
{
	struct node *n = arg;
	struct wire *w;

	network.connecting[n->index] = NULL;
	if (n->c == NULL || n->wire != NULL)
		return;
	if (!coordinator_is_up() || network.parted_until[n->index] > world_now) {
		network_connect(n);
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->node = n;
	w->route = (struct route){.len = 5};
	network.routes++;
	memcpy(w->route.id + 1, &network.routes, sizeof network.routes);
	DL_APPEND(network.wires, w);
	n->wire = w;
	n->is_full = false;
	narrate("%s connects", n->name);
	conversation_on_event(n->c, LINK_CONNECTED);
	agent_settle(n);
}

void network_connect(struct node *n)
{
	if (network.connecting[n->index] == NULL)
		network.connecting[n->index] =
			world_at(world_now + 100 * NS_PER_MS + some_time(RETRY_NS), &n->process,
				on_connect, n);
}

/* ---- breaking ---- */

static void on_noticed(void *arg)
{
	struct wire *w = arg;
	struct node *n = w->node;

	w->noticed = NULL;
	if (n->wire != w)
		return;
	n->wire = NULL;
	conversation_on_event(n->c, LINK_DISCONNECTED);
	network_connect(n);
	agent_settle(n);
}

/* What was under way arrives up to some point, within `late`. */
static void keep_some(struct wire *w, enum direction direction, int64_t until, int64_t late)
{
	struct packet *p, *next;
	size_t n = 0, kept;
	int64_t shift = some_time(late);

	DL_FOREACH (w->packets[direction], p)
		n++;
	kept = chance(n + 1);
	DL_FOREACH_SAFE (w->packets[direction], p, next) {
		if (kept == 0)
			drop_packet(p);
		else if (kept-- > 0 && (direction == UP || p->at > until))
			set_time(p, (p->at < until ? p->at : until) + shift);
	}
}

static void cut(struct wire *w)
{
	int64_t noticed = world_now + some_time(NOTICED_NS);

	if (w->is_cut)
		return;
	w->is_cut = true;
	w->gone_ns = world_now + some_time(NOTICED_NS);
	keep_some(w, UP, INT64_MAX, STRAGGLE_NS);
	keep_some(w, DOWN, noticed, LEFT_OVER_NS);
	if (w->node->wire == w)
		w->noticed = world_at(noticed, &w->node->process, on_noticed, w);
}

static void drop_all(struct wire *w, enum direction direction)
{
	while (w->packets[direction] != NULL)
		drop_packet(w->packets[direction]);
}

void network_cut(struct node *n)
{
	if (n->wire == NULL)
		return;
	narrate("%s: its connection breaks", n->name);
	cut(n->wire);
}

void network_part(struct node *n, int64_t for_ns)
{
	struct packet *p;
	int64_t until = world_now + for_ns;

	narrate("%s is cut off for %lld ms", n->name, (long long)(for_ns / NS_PER_MS));
	network.parted_until[n->index] = until;
	if (n->wire == NULL)
		return;
	if (for_ns > NOTICED_NS) {
		cut(n->wire);
		return;
	}
	for (int direction = UP; direction <= DOWN; direction++) {
		DL_FOREACH (n->wire->packets[direction], p) {
			if (p->at < until)
				set_time(p, until);
			n->wire->last[direction] = p->at;
		}
	}
}

void network_agent_died(struct node *n)
{
	struct wire *w;

	world_cancel(network.connecting[n->index]);
	network.connecting[n->index] = NULL;
	if (n->wire != NULL)
		cut(n->wire);
	n->wire = NULL;
	DL_FOREACH (network.wires, w) {
		if (w->node == n) {
			drop_all(w, DOWN);
			world_cancel(w->noticed);
			w->noticed = NULL;
		}
	}
}

void network_coordinator_died(void)
{
	struct wire *w;

	DL_FOREACH (network.wires, w) {
		cut(w);
		w->gone_ns = 0; /* the next one knows no routes */
		drop_all(w, UP);
	}
}

void network_rough(bool is_rough)
{
	network.is_rough = is_rough;
}

void network_begin(void)
{
	memset(&network, 0, sizeof network);
}

void network_end(void)
{
	struct wire *w, *next;

	DL_FOREACH_SAFE (network.wires, w, next) {
		drop_all(w, UP);
		drop_all(w, DOWN);
		DL_DELETE(network.wires, w);
		free(w);
	}
}
