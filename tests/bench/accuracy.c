/*
 * accuracy - how far energies of windows are from the truth, which the test meter knows
 *
 *   accuracy [--windows N] [--time DURATION]... [--mode bare|unaligned|aligned]... [--each] ROOT
 *
 * ROOT is where build/tests/meter is mounted. For every time (5, 20, 100 and 1000 ms) and every
 * mode, in turn, N windows (50): bare is the difference of two readings alone; unaligned begins
 * with a single reading, and interpolates the end; aligned waits for an update before the start, as
 * the agent does. Prints a table of errors against what was stated of them, or with --each one line
 * a window and zone. Exits with 1 where a truth was outside its stated bound.
 */
#include "agent/sources/energy.h"
#include "proto/clock.h"
#include "proto/units.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MAX_TIMES 8
#define POLL_NS   (NS_PER_S / 10) /* as the sampler does */

enum mode { BARE, UNALIGNED, ALIGNED, MODES };

static const char *const mode_names[MODES] = {"bare", "unaligned", "aligned"};

struct options {
	const char *root;
	int64_t windows;
	int64_t times_ns[MAX_TIMES];
	size_t times_n;
	bool modes[MODES];
	bool each;
};

struct rig {
	const struct options *options;
	struct energy_meter *meter;
	struct energy_window *window;
	const struct energy_zone *zones;
	size_t n;
	char note[512]; /* the first */
	int outside;
};

/* Over the package zones of all windows of a time and mode; in parts of the truth. */
struct tally {
	int seen, refused, shorts;
	double errors, worst, deviations, bounds;
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "accuracy: %s\n", what);
	exit(2);
}

static void sleep_until(int64_t raw_ns)
{
	int64_t left = raw_ns - clock_raw_ns();

	if (left > 0) {
		struct timespec t = {left / NS_PER_S, left % NS_PER_S};
		nanosleep(&t, NULL);
	}
}

/* The truth about a zone, from the meter; ABSENT where it knows none of this name. */
static int64_t read_truth(
	const struct options *o, const char *zone, int64_t start_ns, int64_t end_ns)
{
	char name[64], line[256];
	long long value;
	int64_t found = ABSENT;
	_cleanup_free_ char *path =
		xasprintf("%s/truth@%lld-%lld", o->root, (long long)start_ns, (long long)end_ns);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die("the root has no truth: is it where the meter is mounted?");
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%63s %lld", name, &value) == 2 && strcmp(name, zone) == 0)
			found = value;
	fclose(f);
	return found;
}

static void run_window(
	struct rig *r, enum mode mode, int64_t time_ns, int64_t *start_ns, int64_t *end_ns)
{
	int64_t poll_ns = energy_poll_period_ns(r->meter);

	poll_ns = poll_ns < POLL_NS ? poll_ns : POLL_NS;
	energy_begin(r->meter, r->window, mode == ALIGNED);
	*start_ns = clock_raw_ns();
	for (int64_t at = *start_ns + poll_ns; at < *start_ns + time_ns; at += poll_ns) {
		sleep_until(at);
		energy_poll(r->meter, r->window, NULL);
	}
	sleep_until(*start_ns + time_ns);
	*end_ns = clock_raw_ns();
	energy_end(r->meter, r->window);
}

/* Two readings and no more: what a tool without any of this would say. */
static void bare_window(struct rig *r, int64_t time_ns, int64_t *start_ns, int64_t *end_ns,
	struct message_metric *out)
{
	int64_t before[64], after[64];
	size_t k = 0;

	energy_poll(r->meter, NULL, before);
	*start_ns = clock_raw_ns();
	sleep_until(*start_ns + time_ns);
	*end_ns = clock_raw_ns();
	energy_poll(r->meter, NULL, after);
	for (size_t i = 0; i < r->n; i++) {
		out[i] = (struct message_metric){.value = ABSENT};
		if (r->zones[i].state == ZONE_OK) {
			out[i].value = after[k] - before[k];
			k++;
		}
	}
}

static void add(struct rig *r, struct tally *t, enum mode mode, const struct energy_zone *zone,
	const struct message_metric *m, int64_t start_ns, int64_t end_ns)
{
	int64_t truth = read_truth(r->options, zone->name, start_ns, end_ns);

	if (truth == ABSENT)
		return;
	bool is_outside = mode != BARE && llabs(m->value - truth) > m->uncertainty;
	r->outside += is_outside;
	if (r->options->each)
		printf("%s %s time_ns %lld energy %lld uncertainty %lld deviation %lld truth %lld "
		       "%s\n",
			mode_names[mode], zone->name, (long long)(end_ns - start_ns),
			(long long)m->value, (long long)m->uncertainty, (long long)m->deviation,
			(long long)truth, is_outside ? "OUTSIDE" : "inside");
	double of = truth > 0 ? (double)truth : 1, error = (double)(m->value - truth) / of;
	t->seen++;
	t->errors += error * error;
	t->worst = fabs(error) > t->worst ? fabs(error) : t->worst;
	t->deviations += pow((double)m->deviation / of, 2);
	t->bounds += (double)m->uncertainty / of;
}

static void add_window(struct rig *r, struct tally *t, enum mode mode, int64_t time_ns)
{
	static struct measured result;
	struct message_metric bare[64];
	int64_t start_ns, end_ns;

	measured_reset(&result);
	if (mode == BARE) {
		bare_window(r, time_ns, &start_ns, &end_ns, bare);
	} else {
		run_window(r, mode, time_ns, &start_ns, &end_ns);
		energy_results(r->meter, r->window, start_ns, end_ns, NULL, &result);
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct energy_zone *zone = &r->zones[i];
		if (zone->domain != DOMAIN_PACKAGE || zone->state != ZONE_OK)
			continue;
		const struct message_metric *m =
			mode == BARE ? &bare[i] : measured_find(&result, zone->metric);
		if (m != NULL)
			add(r, t, mode, zone, m, start_ns, end_ns);
		else
			t->refused++;
	}
	t->shorts += measured_has_flag(&result, "short");
	if (r->note[0] == '\0' && result.note[0] != '\0')
		memcpy(r->note, result.note, sizeof r->note);
	/* so that phases are random */
	sleep_until(clock_raw_ns() + clock_raw_ns() * 7919 % (3 * NS_PER_MS));
}

static void show(const struct tally *t, enum mode mode, int64_t time_ns)
{
	double n = t->seen > 0 ? t->seen : 1;

	printf("%6lld  %-10s %8d %8d", (long long)(time_ns / NS_PER_MS), mode_names[mode], t->seen,
		t->refused);
	if (t->seen == 0)
		printf("%12s %12s %12s %12s\n", "-", "-", "-", "-");
	else if (mode == BARE)
		printf("%12.4f %12.4f %12s %12s\n", sqrt(t->errors / n) * 100, t->worst * 100, "-",
			"-");
	else
		printf("%12.4f %12.4f %12.4f %12.4f\n", sqrt(t->errors / n) * 100, t->worst * 100,
			sqrt(t->deviations / n) * 100, t->bounds / n * 100);
}

static void compare(struct rig *r)
{
	const struct options *o = r->options;

	if (!o->each)
		printf("time ms mode      measured  refused       rms %%      worst %%  deviation "
		       "%%"
		       "      bound %%\n");
	for (size_t i = 0; i < o->times_n; i++)
		for (int mode = 0; mode < MODES; mode++) {
			struct tally t = {0};
			for (int64_t n = 0; n < o->windows && o->modes[mode]; n++)
				add_window(r, &t, (enum mode)mode, o->times_ns[i]);
			if (o->modes[mode] && !o->each)
				show(&t, (enum mode)mode, o->times_ns[i]);
		}
	if (!o->each && r->note[0] != '\0')
		printf("%s\n", r->note);
	if (!o->each)
		printf("truth outside its bound: %d times\n", r->outside);
}

static void take_mode(struct options *o, const char *name)
{
	for (int mode = 0; mode < MODES; mode++)
		if (strcmp(mode_names[mode], name) == 0) {
			o->modes[mode] = true;
			return;
		}
	die("a mode is bare, unaligned or aligned");
}

static void take_options(struct options *o, int argc, char **argv)
{
	static const int64_t usual_ms[] = {5, 20, 100, 1000};
	struct error err = {0};
	bool has_mode = false;

	*o = (struct options){.windows = 50};
	for (int i = 1; i < argc; i++) {
		bool has_value = i + 1 < argc;
		if (strcmp(argv[i], "--each") == 0)
			o->each = true;
		else if (strcmp(argv[i], "--mode") == 0 && has_value)
			take_mode(o, argv[++i]), has_mode = true;
		else if (strcmp(argv[i], "--windows") == 0 && has_value &&
			 units_parse_int(argv[i + 1], 1, 1000000, &o->windows, &err) == 0)
			i++;
		else if (strcmp(argv[i], "--time") == 0 && has_value && o->times_n < MAX_TIMES &&
			 units_parse_duration(argv[i + 1], &o->times_ns[o->times_n], &err) == 0)
			o->times_n++, i++;
		else if (argv[i][0] != '-' && o->root == NULL)
			o->root = argv[i];
		else
			die(err.text[0] != '\0' ? err.text : argv[i]);
	}
	if (o->root == NULL)
		die("where is the meter mounted?");
	for (size_t i = 0; o->times_n == 0 && i < ARRAY_SIZE(usual_ms); i++)
		o->times_ns[i] = usual_ms[i] * NS_PER_MS;
	o->times_n = o->times_n > 0 ? o->times_n : ARRAY_SIZE(usual_ms);
	for (int mode = 0; mode < MODES && !has_mode; mode++)
		o->modes[mode] = true;
}

int main(int argc, char **argv)
{
	static const struct topology none;
	struct options o;
	struct rig r = {.options = &o};
	struct machine m;
	struct error err = {0};

	take_options(&o, argc, argv);
	if (machine_open(&m, o.root, &err) != 0 ||
		energy_open(&r.meter, &m, &none, NULL, &err) != 0)
		die(err.text);
	r.window = energy_window_new(r.meter);
	r.zones = energy_zones(r.meter, &r.n);
	if (r.n > 64)
		die("more zones than this program has room for");
	compare(&r);
	energy_window_free(r.window);
	energy_close(r.meter);
	machine_close(&m);
	return r.outside > 0;
}
