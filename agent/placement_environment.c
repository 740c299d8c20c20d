/*
 * placement_environment.c - how the threads of a run find their places, and the memory nodes of its
 * CPUs
 */
#include "agent/placement_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>

#define PRELOAD_NAME "libjoulerig-pin.so"
/* So many CPUs are listed at most: a longer variable than 128 KiB cannot be given to a program
 * (MAX_ARG_STRLEN), and no machine has more; threads beyond begin with the first again. */
#define LISTED_MAX 8192

static size_t add(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s=%s", name, value);
	buf_addc(out, '\0');
	return 1;
}

/* Every CPU in thread order: "{0},{4}" or "0,4". */
static size_t add_cpus(struct buf *out, const char *name, const struct placement *p,
	const char *start, const char *between, const char *end)
{
	_cleanup_buf_ struct buf value = BUF_INIT;

	buf_adds(&value, start);
	for (size_t i = 0; i < p->n && i < LISTED_MAX; i++)
		buf_addf(&value, "%s%d", i > 0 ? between : "", p->cpus[i]);
	buf_adds(&value, end);
	return add(out, name, value.data);
}

/*
 * What each runtime reads. OMP_PLACES with a place for each thread and OMP_PROC_BIND=true give
 * thread k place k (OpenMP 5.0, 2.6.2); GOMP_CPU_AFFINITY is for runtimes of GCC that know neither.
 * libomp and Intel's runtime prefer KMP_AFFINITY, which alone can be told not to look at the mask
 * that the process has at that moment (norespect): it is only the first thread's CPU where that one
 * was pinned before the runtime was loaded. That runtime says on stderr that it ignores the others;
 * KMP_WARNINGS=0 keeps the run's output as it would be.
 */
static size_t add_pins(const struct placement *p, const char *preload, struct buf *out)
{
	size_t n = add_cpus(out, "OMP_PLACES", p, "{", "},{", "}");

	n += add(out, "OMP_PROC_BIND", "true");
	n += add_cpus(out, "GOMP_CPU_AFFINITY", p, "", ",", "");
	n += add_cpus(
		out, "KMP_AFFINITY", p, "norespect,granularity=fine,explicit,proclist=[", ",", "]");
	n += add(out, "KMP_WARNINGS", "0");
	n += add_cpus(out, "JOULERIG_PIN", p, "", ",", "");
	if (preload == NULL)
		return n;
	n += add(out, "LD_PRELOAD", preload);
	/* AddressSanitizer ends a program that has a library before its own; ours does not mind. */
	return n + add(out, "ASAN_OPTIONS", "verify_asan_link_order=0");
}

size_t placement_environment(const struct placement *p, int64_t threads, bool is_pinned,
	const char *preload, struct buf *out)
{
	static const char *const counts[] = {
		"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"};
	char number[24];
	size_t n = is_pinned ? add_pins(p, preload, out) : 0;

	snprintf(number, sizeof number, "%" PRId64, threads);
	for (size_t i = 0; i < ARRAY_SIZE(counts) && threads != ABSENT; i++)
		n += add(out, counts[i], number);
	return n;
}

char *placement_preload_path(void)
{
	/* The last place is that of a test, which lies one folder below the programs. */
	static const char *const places[] = {"", "../libexec/joulerig/", "../"};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		return NULL;
	self[n] = '\0';
	const char *dir = dirname(self);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = xasprintf("%s/%s" PRELOAD_NAME, dir, places[i]);
		/* The loader takes spaces and colons in LD_PRELOAD for the end of a name. */
		if (access(path, R_OK) == 0 && strpbrk(path, " :") == NULL)
			return path;
		free(path);
	}
	return NULL;
}

char *placement_nodes(const struct topology *t, const struct placement *p)
{
	_cleanup_free_ int *nodes = xcalloc(p->n > 0 ? p->n : 1, sizeof *nodes);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < t->n; j++)
			if (t->cpus[j].cpu == p->cpus[i] && t->cpus[j].numa >= 0) {
				nodes[n++] = t->cpus[j].numa;
				break;
			}
	return cpu_list_format(nodes, n);
}
