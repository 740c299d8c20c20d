#include "threads.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct timespec started, ended;

static void usage(FILE *to, const char *program, const struct settings *s, const char *unit)
{
	fprintf(to,
		"usage: %s [--threads N] [--work N]\n"
		"  --threads N  threads that share the work (default %lld)\n"
		"  --work N     %s in all (default %lld)\n",
		program, (long long)s->threads, unit, (long long)s->work);
}

static int64_t parse_number(
	const char *program, const char *option, const char *text, int64_t min, int64_t max)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < min || n > max) {
		fprintf(stderr, "%s: %s: '%s' is not a number from %lld to %lld\n", program, option,
			text, (long long)min, (long long)max);
		exit(2);
	}
	return n;
}

void parse_arguments(int argc, char **argv, struct settings *s, const char *unit, int64_t min_work,
	int64_t max_work)
{
	const struct settings defaults = *s;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout, argv[0], &defaults, unit);
			exit(0);
		} else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
			i++;
			s->threads = parse_number(argv[0], "--threads", argv[i], 1, MAX_THREADS);
		} else if (strcmp(argv[i], "--work") == 0 && i + 1 < argc) {
			i++;
			s->work = parse_number(argv[0], "--work", argv[i], min_work, max_work);
		} else {
			usage(stderr, argv[0], &defaults, unit);
			exit(2);
		}
	}
}

struct start {
	pthread_t thread;
	struct member member;
	void (*body)(struct member *);
};

static void *start_member(void *arg)
{
	struct start *s = arg;

	s->body(&s->member);
	return NULL;
}

void start_clock(void)
{
	clock_gettime(CLOCK_MONOTONIC, &started);
}

uint32_t run_team(const struct settings *s, void (*body)(struct member *))
{
	struct start *team = calloc((size_t)s->threads, sizeof *team);
	uint32_t checksum = 0;
	int status;

	if (team == NULL) {
		perror("calloc");
		exit(1);
	}
	start_clock();
	for (int64_t t = 0; t < s->threads; t++) {
		team[t].body = body;
		team[t].member.settings = s;
		team[t].member.first = (int64_t)((__int128)s->work * t / s->threads);
		team[t].member.end = (int64_t)((__int128)s->work * (t + 1) / s->threads);
		if (t == 0)
			continue;
		status = pthread_create(&team[t].thread, NULL, start_member, &team[t]);
		if (status != 0) {
			fprintf(stderr, "pthread_create: %s\n", strerror(status));
			exit(1);
		}
	}
	start_member(&team[0]);
	for (int64_t t = 1; t < s->threads; t++)
		pthread_join(team[t].thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	for (int64_t t = 0; t < s->threads; t++)
		checksum += team[t].member.checksum;
	free(team);
	return checksum;
}

int print_result(int64_t work, uint32_t checksum)
{
	double seconds = (double)(ended.tv_sec - started.tv_sec) +
			 (double)(ended.tv_nsec - started.tv_nsec) / 1e9;

	printf("{\"work\": %lld, \"rate\": %.6g, \"checksum\": %u}\n", (long long)work,
		(double)work / seconds / 1e6, (unsigned)checksum);
	if (fflush(stdout) != 0) {
		perror("stdout");
		return 1;
	}
	return 0;
}
