/*
 * next_times - when the cron expressions of a file come, by our calendar
 *
 * Reads a file such as tests/vectors/next-times.txt, which says what its lines are, and prints it
 * with our answers in place of those in it; tests/tools/next-times does the same by another
 * implementation.
 */
#include "coordinator/schedule/calendar.h"
#include "proto/base.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#define MOST_ZONES   8
#define MOST_WINDOWS 64

struct zone {
	char name[64];
	struct calendar *calendar;
	struct {
		int64_t from, to; /* s */
	} windows[MOST_WINDOWS];
	size_t n;
};

struct answers {
	int64_t from, to; /* s */
	struct zone zones[MOST_ZONES];
	size_t n;
};

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
	fprintf(stderr, "next_times: %s: %s\n", what, why);
	exit(2);
}

static int64_t instant_of(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%MZ", &tm);

	if (!end || *end != '\0')
		die(text, "expected 2016-01-01T00:00Z");
	return timegm(&tm);
}

static void print_instant(int64_t at)
{
	struct tm tm;
	char text[32];

	strftime(text, sizeof text, "%Y-%m-%dT%H:%MZ", gmtime_r(&(time_t){at}, &tm));
	printf(" %s", text);
}

static bool is_left_out(const struct zone *z, int64_t at)
{
	for (size_t i = 0; i < z->n; i++)
		if (at >= z->windows[i].from && at < z->windows[i].to)
			return true;
	return false;
}

static void answer(const struct answers *a, const struct zone *z, const struct cron *cron)
{
	int64_t at = a->from * NS_PER_S - 1, second, first[2] = {0}, last = 0;
	uint8_t digest[16];
	char hex[sizeof digest * 2 + 1];
	crypto_generichash_state state;
	size_t n = 0;

	crypto_generichash_init(&state, NULL, 0, sizeof digest);
	while ((at = calendar_next(z->calendar, cron, at)) != ABSENT) {
		second = at / NS_PER_S;
		if (second >= a->to)
			break;
		if (is_left_out(z, second))
			continue;
		crypto_generichash_update(&state, (const void *)&second, sizeof second);
		if (n < ARRAY_SIZE(first))
			first[n] = second;
		last = second;
		n++;
	}
	crypto_generichash_final(&state, digest, sizeof digest);
	printf("%s %zu %s", z->name, n, hex_encode(hex, digest, sizeof digest));
	for (size_t i = 0; i < n && i < ARRAY_SIZE(first); i++)
		print_instant(first[i]);
	if (n > ARRAY_SIZE(first))
		print_instant(last);
	putchar('\n');
}

static void take_zone(struct answers *a, const char *name)
{
	struct error err = {0};
	struct zone *z = &a->zones[a->n];

	if (a->n++ == MOST_ZONES)
		die(name, "too many zones");
	snprintf(z->name, sizeof z->name, "%s", name);
	if (calendar_open(&z->calendar, name, &err) < 0)
		die(name, err.text);
}

static void take_window(struct answers *a, const char *from, const char *to)
{
	struct zone *z = &a->zones[a->n - 1];

	if (a->n == 0 || z->n == MOST_WINDOWS)
		die(from, "too many lines 'without', or no zone before it");
	z->windows[z->n].from = instant_of(from);
	z->windows[z->n++].to = instant_of(to);
}

/* What is no question is an answer, which is not printed again. */
static void take(struct answers *a, const char *line)
{
	char from[64], to[64];
	struct error err = {0};
	struct cron cron;

	if (line[0] == '#' || line[0] == '\0') {
		puts(line);
	} else if (sscanf(line, "between %63s %63s", from, to) == 2) {
		a->from = instant_of(from);
		a->to = instant_of(to);
		puts(line);
	} else if (sscanf(line, "zone %63s", from) == 1) {
		take_zone(a, from);
		puts(line);
	} else if (sscanf(line, "without %63s %63s", from, to) == 2) {
		take_window(a, from, to);
		puts(line);
	} else if (strncmp(line, "cron ", 5) == 0) {
		if (cron_parse(line + 5, &cron, &err) < 0)
			die(line, err.text);
		puts(line);
		for (size_t i = 0; i < a->n; i++)
			answer(a, &a->zones[i], &cron);
	}
}

int main(void)
{
	struct answers *a = xcalloc(1, sizeof *a);
	char line[256];

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		take(a, line);
	}
	for (size_t i = 0; i < a->n; i++)
		calendar_free(a->zones[i].calendar);
	free(a);
	return fflush(stdout) != 0;
}
