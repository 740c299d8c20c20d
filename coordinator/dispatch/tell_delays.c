#include "coordinator/dispatch/tell_delays.h"

#include "proto/base.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS   (60 * MINUTE_NS)

int64_t tell_delay(int64_t attempts)
{
	static const int64_t delays[] = {MINUTE_NS, 5 * MINUTE_NS, 30 * MINUTE_NS, 2 * HOUR_NS,
		6 * HOUR_NS, 12 * HOUR_NS, 24 * HOUR_NS};

	return attempts <= (int64_t)ARRAY_SIZE(delays) ? delays[attempts < 1 ? 0 : attempts - 1]
						       : ABSENT;
}
