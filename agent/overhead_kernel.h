/*
 * overhead_kernel.h - a compute kernel on chosen CPUs, whose time tells how much it was disturbed
 *
 * One thread a CPU, bound to it. A piece is a fixed amount of work, the same for each thread and
 * each time: 16 KiB of doubles, which stay in the first-level cache unless somebody takes that,
 * go through a multiplication and an addition each, beside integer arithmetic that depends on the
 * step before. Before each piece the threads do the same work for a time, untimed, so that clock
 * frequency and caches are those of a program that is under way, and then meet.
 *
 * Threads: a kernel belongs to the thread that opened it.
 */
#ifndef AGENT_OVERHEAD_KERNEL_H
#define AGENT_OVERHEAD_KERNEL_H

#include "proto/error.h"

#include <stddef.h>
#include <stdint.h>

struct overhead_kernel;

/* Start n >= 1 threads, one on each of the CPUs; they sleep. Returns 0, or negative where a thread
 * cannot be had or bound. */
int overhead_kernel_open(
	struct overhead_kernel **out, const int *cpus, size_t n, struct error *err);
void overhead_kernel_close(struct overhead_kernel *k);

/* Begin a lead-in of lead_ns from now and a piece of so much work. overhead_kernel_take() must
 * follow. */
void overhead_kernel_go(struct overhead_kernel *k, int64_t lead_ns, int64_t work);
/* A descriptor that polls readable when the piece is done. */
int overhead_kernel_fd(const struct overhead_kernel *k);
/* Wait for its end. Returns ns from the first thread's start to the last one's end
 * (CLOCK_MONOTONIC_RAW): the time of a program that waits for all its threads. */
int64_t overhead_kernel_take(struct overhead_kernel *k);

/* Work that takes about time_ns on these CPUs now; takes some 50 ms to find out. */
int64_t overhead_kernel_work(struct overhead_kernel *k, int64_t time_ns);

#endif
