#include "coordinator/dispatch/credit.h"

#define FAST_NS (500 * NS_PER_MS)
#define SLOW_NS (2 * NS_PER_S)

int64_t credit_begin(struct credit *c, int64_t most)
{
	*c = (struct credit){.window = CREDIT_LEAST < most ? CREDIT_LEAST : most};
	return c->window;
}

/* A window's worth came: how wide shall it be? */
static int64_t next_window(const struct credit *c, int64_t now_ns, int64_t most)
{
	int64_t took_ns = now_ns - c->since_ns, next = c->window;
	int64_t least = CREDIT_LEAST < most ? CREDIT_LEAST : most;

	if (took_ns < FAST_NS)
		next *= 2;
	else if (took_ns > SLOW_NS)
		next /= 2;
	return next < least ? least : next > most ? most : next;
}

int64_t credit_take(struct credit *c, int64_t now_ns, int64_t len, int64_t most)
{
	int64_t give;

	if (c->since_ns == 0)
		c->since_ns = now_ns;
	c->taken += len;
	c->owed += len;
	if (c->taken >= c->window) {
		int64_t next = next_window(c, now_ns, most);
		c->owed += next - c->window; /* below 0: the next bytes are not given back */
		c->window = next;
		c->taken = 0;
		c->since_ns = now_ns;
	}
	if (c->owed < c->window / 4)
		return 0;
	give = c->owed;
	c->owed = 0;
	return give;
}
