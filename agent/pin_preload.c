/*
 * pin_preload.c - libjoulerig-pin.so: one thread to one CPU, for programs that know nothing of it
 *
 * Preloaded into a run with `threads: each`. JOULERIG_PIN holds the run's CPUs in thread order,
 * "0,4,1". Thread k of a process belongs on the k-th of them, and round again beyond.
 *
 * - A program starts on all CPUs of the run, so that it counts them right and an OpenMP runtime
 *   finds its places. When it makes its first thread it is pinned itself, as thread 0. A process
 *   that never makes one (a shell around the program, the end of a pipe) is left alone.
 * - A thread has the lowest number that no living thread of its process has: a program that makes
 *   new threads for each of its phases has them on the same CPUs again.
 * - Threads of an OpenMP runtime are placed by OMP_PLACES and the like, which the run has, too;
 * they count as threads here but are not touched. A runtime that was loaded when its process was
 * pinned already saw one CPU only and cannot place its threads: these are pinned as all others.
 * - The first process that makes threads owns the run's CPUs: it leaves its number in
 *   JOULERIG_PIN_OWNER, and its children, forked or new programs, run on all of them unpinned,
 * where they would otherwise all sit on the CPU of the thread that made them.
 *
 * What this does not reach (static programs, Go, threads made by clone(2) or within libc) is seen
 * by who looks into /proc while the run lasts. This library says nothing and fails nothing: a
 * program runs as it would without. It uses libc alone, and calls nothing that a constructor which
 * runs before libc's own could not (DF_1_INITFIRST, see the Makefile: libgomp's constructor reads
 * the mask).
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS_MAX    65536
#define MASK_BITS   8192 /* the kernel's largest NR_CPUS */
#define MASK_WORDS  (MASK_BITS / 64)
#define SLOTS_WORDS 64 /* 4096 numbered threads; more are put on CPUs round-robin */

static uint16_t cpus[CPUS_MAX];
static size_t cpus_n; /* 0: nothing is pinned in this process */
static uint64_t all_cpus[MASK_WORDS];

static _Atomic uint64_t slots[SLOTS_WORDS]; /* bits of thread numbers that are taken */
static atomic_size_t beyond;                /* threads that found none */
static bool is_owner;                       /* this process is the one whose threads are pinned */
static bool first_is_pinned;                /* before an OpenMP runtime was there */
static pthread_once_t claim_once = PTHREAD_ONCE_INIT;
static bool claims_for_openmp;

static void set_mask(const uint64_t *mask)
{
	/* Bits above what the kernel knows are ignored by it. It may refuse (a cpuset that became
	 * smaller); then the thread stays where it was. */
	syscall(SYS_sched_setaffinity, 0, sizeof all_cpus, mask);
}

static void pin_to(size_t k)
{
	uint64_t mask[MASK_WORDS] = {0};
	unsigned cpu = cpus[k % cpus_n];

	mask[cpu / 64] = UINT64_C(1) << cpu % 64;
	set_mask(mask);
}

/* "0,4,1" into cpus; anything else leaves cpus_n at 0. */
static void parse_cpus(const char *p)
{
	size_t n = 0;

	while (n < CPUS_MAX) {
		unsigned cpu = 0, digits = 0;
		for (; *p >= '0' && *p <= '9' && digits < 5; p++, digits++)
			cpu = cpu * 10 + (unsigned)(*p - '0');
		if (digits == 0 || cpu >= MASK_BITS || (*p != ',' && *p != '\0'))
			return;
		cpus[n++] = (uint16_t)cpu;
		all_cpus[cpu / 64] |= UINT64_C(1) << cpu % 64;
		if (*p++ == '\0')
			break;
	}
	cpus_n = n;
}

__attribute__((constructor)) static void start(int argc, char **argv, char **env)
{
	static const char name[] = "JOULERIG_PIN=";

	(void)argc;
	(void)argv;
	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, name, sizeof name - 1) == 0)
			parse_cpus(*env + sizeof name - 1);
	if (cpus_n > 0)
		set_mask(all_cpus);
}

/* ---- OpenMP runtimes ---- */

static bool is_openmp_name(const char *path)
{
	static const char *const names[] = {"libgomp", "libiomp5", "libomp"};
	const char *base = path != NULL ? strrchr(path, '/') : NULL;

	base = base != NULL ? base + 1 : path;
	for (size_t i = 0; base != NULL && i < sizeof names / sizeof *names; i++)
		if (strncmp(base, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool is_of_openmp(void *(*routine)(void *))
{
	Dl_info info;
	void *address;

	memcpy(&address, &routine, sizeof address);
	return dladdr(address, &info) != 0 && is_openmp_name(info.dli_fname);
}

static int look_for_openmp(struct dl_phdr_info *info, size_t size, void *is_found)
{
	(void)size;
	if (is_openmp_name(info->dlpi_name))
		*(bool *)is_found = true;
	return 0;
}

/* ---- whose CPUs they are ---- */

/* In a forked child: only the thread that forked lives on, with the mask that it had. */
static void leave(void)
{
	is_owner = false;
	cpus_n = 0;
	set_mask(all_cpus);
}

static bool is_owned_by_another(void)
{
	const char *owner = getenv("JOULERIG_PIN_OWNER");
	long pid = owner != NULL ? strtol(owner, NULL, 10) : 0;

	return pid > 0 && pid != (long)getpid() && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Once in a process, when it makes its first thread and is alone still. */
static void claim(void)
{
	char number[24];
	bool has_openmp = false;

	if (is_owned_by_another()) {
		cpus_n = 0;
		return;
	}
	snprintf(number, sizeof number, "%ld", (long)getpid());
	setenv("JOULERIG_PIN_OWNER", number, 1);
	pthread_atfork(NULL, NULL, leave);
	slots[0] = 1; /* the first thread's number */
	is_owner = true;
	if (claims_for_openmp)
		return; /* the runtime places the first thread, too */
	dl_iterate_phdr(look_for_openmp, &has_openmp);
	first_is_pinned = !has_openmp;
	pin_to(0);
}

/* ---- threads ---- */

struct thread {
	void *(*routine)(void *);
	void *argument;
	size_t number;
	bool is_pinned;
};

static size_t take_number(void)
{
	for (size_t i = 0; i < SLOTS_WORDS; i++) {
		uint64_t word = atomic_load(&slots[i]);
		while (~word != 0) {
			unsigned bit = (unsigned)__builtin_ctzll(~word);
			if (atomic_compare_exchange_weak(
				    &slots[i], &word, word | UINT64_C(1) << bit))
				return i * 64 + bit;
		}
	}
	return SLOTS_WORDS * 64 + atomic_fetch_add(&beyond, 1);
}

static void give_number(size_t number)
{
	if (number < (size_t)SLOTS_WORDS * 64)
		atomic_fetch_and(&slots[number / 64], ~(UINT64_C(1) << number % 64));
}

/* Also where the thread calls pthread_exit() or is cancelled. */
static void end_thread(void *number)
{
	give_number((size_t)(uintptr_t)number);
}

static void *run_thread(void *argument)
{
	struct thread t = *(struct thread *)argument;
	void *result;

	free(argument);
	if (t.is_pinned)
		pin_to(t.number);
	pthread_cleanup_push(end_thread, (void *)(uintptr_t)t.number);
	result = t.routine(t.argument);
	pthread_cleanup_pop(1);
	return result;
}

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static create_function *real_create(void)
{
	static _Atomic(create_function *) found;
	create_function *f = atomic_load(&found);

	if (f == NULL) {
		void *symbol = dlsym(RTLD_NEXT, "pthread_create");
		memcpy(&f, &symbol, sizeof f);
		atomic_store(&found, f);
	}
	return f;
}

__attribute__((visibility("default"))) int pthread_create(
	pthread_t *thread, const pthread_attr_t *attr, void *(*routine)(void *), void *argument)
{
	create_function *create = real_create();
	bool is_openmp = cpus_n > 0 && is_of_openmp(routine);

	if (create == NULL)
		return ENOSYS;
	if (cpus_n > 0) {
		if (!is_owner)
			claims_for_openmp = is_openmp;
		pthread_once(&claim_once, claim);
	}
	struct thread *t = cpus_n > 0 ? malloc(sizeof *t) : NULL;
	if (t == NULL)
		return create(thread, attr, routine, argument);
	size_t number = take_number();
	*t = (struct thread){routine, argument, number, !is_openmp || first_is_pinned};
	int r = create(thread, attr, run_thread, t);
	if (r != 0) {
		give_number(number);
		free(t);
	}
	return r;
}
