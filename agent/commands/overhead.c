/*
 * overhead.c - `joulerig-agent overhead`: what sampling costs on this machine
 */
#include "agent/overhead.h"
#include "agent/commands/commands.h"
#include "agent/files.h"
#include "agent/inventory.h"
#include "agent/lock.h"
#include "proto/log.h"

#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define DEFAULT_TIME_NS (10 * NS_PER_S)
#define SIGNIFICANT     0.001 /* the effect that a machine should be quiet enough to show */

struct options {
	struct agent_common_options common;
	int64_t time_ns, seed;
	const char *rates, *state;
};

static const struct option_info option_table[] = {
	{"for", OPTION_DURATION, offsetof(struct options, time_ns), "DURATION",
		"measure about this long (default: 10s)", NULL},
	{"rate", OPTION_TEXT, offsetof(struct options, rates), "HZ[,HZ...]",
		"samples a second (default: 10,100,1000)", NULL},
	{"state", OPTION_TEXT, offsetof(struct options, state), "DIR",
		"the agent's folder: keep the result there, to be shown with this host", NULL},
	{"seed", OPTION_COUNT, offsetof(struct options, seed), "N",
		"of the order of the pieces (default: by chance)", NULL},
	{.name = NULL},
};

/* 1.0123 -> +1.23 % */
static double percent(double ratio)
{
	return (ratio - 1) * 100;
}

static double half_width(const struct overhead_rate *r)
{
	return (r->high - r->low) / 2;
}

/* What stays unseen on a machine as noisy as this: the interval shrinks with the root of the time.
 */
static void print_limit(const struct overhead_rate *r, int64_t time_ns)
{
	double half = half_width(r);

	if (half <= SIGNIFICANT)
		return;
	printf("%lld Hz: this machine is too noisy to show %.1f %%: what costs less than %.2f %% "
	       "goes unseen here",
		(long long)r->rate, SIGNIFICANT * 100, half * 100);
	double times = half / SIGNIFICANT;
	double seconds = (double)time_ns / 1e9 * times * times;
	if (seconds < 3600)
		printf(" (--for %.0fs might show it)", ceil(seconds));
	printf("\n");
}

static void print_table(const struct overhead *o, int64_t time_ns)
{
	printf("%-8s %10s %22s %7s %12s %11s\n", "rate", "cost", "95 % interval", "pairs",
		"us a sample", "of one CPU");
	for (size_t i = 0; i < o->rates_n; i++) {
		const struct overhead_rate *r = &o->rates[i];
		char rate[24], interval[48];
		snprintf(rate, sizeof rate, "%lld Hz", (long long)r->rate);
		snprintf(interval, sizeof interval, "[%+.3f, %+.3f] %%", percent(r->low),
			percent(r->high));
		printf("%-8s %+8.3f %% %22s %7lld %12.1f %9.4f %%\n", rate, percent(r->ratio),
			interval, (long long)r->pairs, r->sample_us, r->cpu * 100);
	}
	printf("cost: how much longer a computation on CPUs %s takes while the agent samples\n",
		o->cpus);
	if (o->is_shared)
		printf("the agent has no CPU of its own here: it takes its time from the "
		       "computation\n");
	for (size_t i = 0; i < o->rates_n; i++)
		print_limit(&o->rates[i], time_ns);
}

static int prepare(const struct options *o, struct overhead_request *r, struct error *err)
{
	*r = (struct overhead_request){.time_ns = o->time_ns != 0 ? o->time_ns : DEFAULT_TIME_NS,
		.seed = o->seed != 0 ? (uint64_t)o->seed : 1 + randombytes_uniform(1U << 31)};
	int code = overhead_parse_rates(o->rates != NULL ? o->rates : "10,100,1000", r, err);
	if (code != 0)
		error_wrap(err, "overhead: --rate");
	return code;
}

/* Measured beside another agent's runs it is no use to either. */
static void warn_of_others(void)
{
	struct machine_lock lock;

	machine_lock_open(&lock);
	if (!machine_lock_is_alone(&lock))
		log_warning("another joulerig is at work on this machine: measure again when it "
			    "is idle");
	machine_lock_close(&lock);
}

/* What cannot be kept is told before minutes of measuring. */
static int check_state(const char *state, struct error *err)
{
	int code = state != NULL ? files_make_directory(state, err) : 0;

	if (code == 0 && state != NULL && access(state, W_OK) != 0)
		code = error_errno(err, "%s", state);
	return code;
}

static int measure(struct instrument *i, const struct options *o, const struct overhead_request *r,
	struct error *err)
{
	_cleanup_free_ char *text = inventory_json(&i->machine, &i->topology, i->meter, NULL);
	struct overhead result;

	warn_of_others();
	int code = check_state(o->state, err);
	if (code != 0)
		return code;
	code = overhead_measure(&result, &i->machine, &i->topology, i->meter, r, err);
	if (code != 0)
		return code;
	json_t *inventory = json_loads(text, 0, NULL);
	json_t *j =
		overhead_json(&result, r, json_string_value(json_object_get(inventory, "kernel")),
			json_string_value(json_object_get(inventory, "fingerprint")));
	json_decref(inventory);
	if (o->state != NULL)
		code = overhead_save(o->state, j, err);
	if (agent_wants_json(&o->common)) {
		agent_print_json(j);
	} else {
		print_table(&result, r->time_ns);
		json_decref(j);
	}
	overhead_done(&result);
	return code;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct overhead_request request;
	struct instrument i;

	(void)arguments;
	(void)n;
	if (prepare(o, &request, err) != 0)
		return EXIT_USAGE;
	if (instrument_open(&i, &o->common, true, err) != 0)
		return EXIT_UNAVAILABLE;
	int code = measure(&i, o, &request, err);
	instrument_close(&i);
	return code == 0 ? EXIT_OK : code == -EINVAL ? EXIT_USAGE : EXIT_UNAVAILABLE;
}

const struct agent_command agent_command_overhead = {
	.name = "overhead",
	.usage = "overhead [--for DURATION] [--rate HZ[,HZ...]] [--state DIR]",
	.summary = "what sampling costs here: a computation's time beside it, and its own",
	.details = "Runs a computation on the CPUs that a run would get, with the agent sampling "
		   "and without, in pairs.\n"
		   "Stop whatever else is running first. With --state the result is kept in "
		   "DIR/overhead.json, and the\n"
		   "agent tells its coordinator from its next connection on.",
	.options = option_table,
	.options_size = sizeof(struct options),
	.run = run,
};
