#!/bin/bash
# threads: each, one thread to one CPU, by the preloaded library and the environment: what the threads themselves see
. "$TOP/tests/lib.sh"
command -v gcc >/dev/null || skip_all "no gcc"
[ "$(nproc)" -ge 2 ] || skip_all "this process may use one CPU only"
read -r a b <<<"$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2])' 2>/dev/null || echo 0 1)"

cat >threads.c <<'C'
/* Each thread of each phase, in order, says where it may run; then the first thread, a forked child and a new program. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t all;
static char seen[8][64];

static void look(char *out)
{
	cpu_set_t set;
	sched_getaffinity(0, sizeof set, &set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			out += sprintf(out, " %d", i);
}

static void *thread(void *number)
{
	pthread_barrier_wait(&all);
	look(seen[(long)number]);
	pthread_exit(NULL); /* leaves its number, too */
}

static void phase(long n)
{
	pthread_t t[8];
	pthread_barrier_init(&all, NULL, (unsigned)n);
	for (long i = 1; i <= n; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (long i = 1; i <= n; i++)
		pthread_join(t[i], NULL);
	for (long i = 1; i <= n; i++)
		printf("%ld:%s\n", i, seen[i]);
}

int main(int argc, char **argv)
{
	char text[64];
	look(text);
	printf("start:%s\n", text);
	if (argc > 1) {
		fflush(stdout);
		phase(3);
		phase(1);
		phase(3);
		look(text);
		printf("first:%s\n", text);
		fflush(stdout);
		if (fork() == 0) {
			look(text);
			printf("child:%s\n", text);
			fflush(stdout);
			_exit(0);
		}
		wait(NULL);
		execl("/bin/sh", "sh", "-c", argv[1], NULL);
	}
	return 0;
}
C
cat >openmp.c <<'C'
#include <omp.h>
#include <sched.h>
#include <stdio.h>

#ifdef LATE
int go(void)
#else
int main(void)
#endif
{
#pragma omp parallel
	{
		cpu_set_t set;
		sched_getaffinity(0, sizeof set, &set);
#pragma omp critical
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &set))
				printf("%d: %d\n", omp_get_thread_num(), i);
	}
	return 0;
}
C
gcc -D_GNU_SOURCE -O1 -o threads threads.c -pthread || skip_all "gcc cannot build a program with threads"

# each LIST COMMAND...: with the environment that a run with this placement has
each() {
	local list=$1; shift
	mapfile -t env < <("$BUILD/joulerig-agent" placement --policy explicit --list "$list" --threads each | sed 1,2d)
	env "${env[@]}" taskset -c "$list" "$@"
}
like "the library is found beside the program" "$(each "$a,$b" env)" "LD_PRELOAD=.*/libjoulerig-pin.so"

want="start: $a $b
1: $a
2: $b
3: $a
1: $a
1: $a
2: $b
3: $a
first: $b
child: $a $b
start: $a $b"
is "each thread has the CPU of its number, in every phase; children have all" "$(each "$b,$a" ./threads ./threads)" "$want"
is "a shell around the program does not take its CPUs" "$(each "$b,$a" sh -c './threads ./threads; true')" "$want"
is "the program's own children are not pinned, threads and all" \
	"$(each "$b,$a" ./threads './threads :' | tail -n 10 | sort -u | paste -sd';')" \
	"1: $a $b;2: $a $b;3: $a $b;child: $a $b;first: $a $b;start: $a $b"
is "nor is it where the list is not one" "$(JOULERIG_PIN=x,$a LD_PRELOAD=$BUILD/libjoulerig-pin.so ./threads : | grep -c "^[123]: $a $b")" 7
is "without JOULERIG_PIN the library does nothing" "$(LD_PRELOAD=$BUILD/libjoulerig-pin.so ./threads : | grep -c "^[123]: $a $b")" 7

if gcc -D_GNU_SOURCE -O1 -fsanitize=address -o sanitized threads.c -pthread 2>/dev/null && ./sanitized : >/dev/null 2>&1; then
	is "a program with AddressSanitizer is what it was" "$(each "$b,$a" ./sanitized ./sanitized 2>&1)" "$want"
else
	skip "a program with AddressSanitizer is what it was" "gcc cannot build one, or it does not run here"
fi

for compiler in gcc clang; do
	if command -v $compiler >/dev/null && $compiler -D_GNU_SOURCE -O1 -fopenmp -o openmp-$compiler openmp.c 2>/dev/null; then
		is "OpenMP of $compiler: thread k on CPU k, and nothing else said" "$(each "$b,$a" ./openmp-$compiler 2>&1 | sort)" \
			"0: $b
1: $a"
		is "OpenMP of $compiler: CPUs come up again" \
			"$("$BUILD/joulerig-agent" placement --policy explicit --list "$b,$a" --cpus 4 --oversubscribe --threads each |
				sed 1,2d >again; mapfile -t env <again; env "${env[@]}" ./openmp-$compiler | sort | paste -sd' ')" \
			"0: $b 1: $a 2: $b 3: $a"
	else
		skip "OpenMP of $compiler: thread k on CPU k" "it cannot build one"
		skip "OpenMP of $compiler: CPUs come up again" "it cannot build one"
	fi
done

cat >late.py <<'PY'
import ctypes, os, sys, threading
n, seen, all_of_them = 2, {}, threading.Barrier(2)
def look(i):
    all_of_them.wait()
    seen[i] = os.sched_getaffinity(0)
threads = [threading.Thread(target=look, args=(i + 1,)) for i in range(n)]
print("counts", len(os.sched_getaffinity(0)), flush=True)
for t in threads: t.start()
for t in threads: t.join()
print(*(f"{i}:{sorted(seen[i])}" for i in sorted(seen)), flush=True)
if len(sys.argv) > 1: ctypes.CDLL(sys.argv[1]).go()
PY
if python3 -c 'import os; os.sched_getaffinity' 2>/dev/null; then
	is "threads of Python, which counts all its CPUs before" "$(each "$b,$a" python3 late.py | paste -sd' ')" \
		"counts 2 1:[$a] 2:[$b]"
	if gcc -D_GNU_SOURCE -DLATE -O1 -fopenmp -shared -fPIC -o late.so openmp.c 2>/dev/null; then
		is "an OpenMP runtime that is loaded late is pinned all the same" \
			"$(each "$b,$a" python3 late.py ./late.so 2>/dev/null | tail -n 2 | sort | paste -sd' ')" "0: $b 1: $a"
	else
		skip "an OpenMP runtime that is loaded late" "gcc cannot build one"
	fi
else
	skip "threads of Python" "no python3"
	skip "an OpenMP runtime that is loaded late" "no python3"
fi
done_testing
