#include "coordinator/analysis/horizon.h"

#include <math.h>

double horizon_energy(const struct horizon_run *r, double idle, double horizon)
{
	return r->energy + idle * fmax(0, horizon - r->time);
}

/* Between the two times the faster one rests, and the slower one costs what it costs. */
double horizon_flip(const struct horizon_run *a, const struct horizon_run *b, double idle)
{
	const struct horizon_run *fast = a->time <= b->time ? a : b, *slow = fast == a ? b : a;
	double spared = slow->energy - fast->energy;

	if (!(idle > 0) || !(spared > 0) || !(slow->time > fast->time))
		return NAN;
	double flip = fast->time + spared / idle;
	return flip < slow->time ? flip : NAN;
}
