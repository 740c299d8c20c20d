#include "coordinator/dispatch/work.h"

#include "proto/base.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

struct work {
	pthread_t thread;
	bool has_thread;
	atomic_bool is_over;
	int stop_fd; /* -1: there is none, nothing can be stopped */
	work_fn *fn;
	void *arg;
	work_wake_fn *wake;
	void *wake_arg;
};

static void *in_thread(void *arg)
{
	struct work *w = arg;

	w->fn(w->arg, w->stop_fd);
	atomic_store(&w->is_over, true);
	w->wake(w->wake_arg);
	return NULL;
}

struct work *work_start(work_fn *fn, void *arg, work_wake_fn *wake, void *wake_arg)
{
	struct work *w = xcalloc(1, sizeof *w);
	sigset_t all, before;

	*w = (struct work){.fn = fn, .arg = arg, .wake = wake, .wake_arg = wake_arg};
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (wake != NULL) {
		sigfillset(&all); /* signals are the loop's */
		pthread_sigmask(SIG_SETMASK, &all, &before);
		w->has_thread = pthread_create(&w->thread, NULL, in_thread, w) == 0;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (!w->has_thread) { /* slower for others, and right all the same */
		fn(arg, w->stop_fd);
		atomic_store(&w->is_over, true);
	}
	return w;
}

bool work_is_over(const struct work *w)
{
	return atomic_load(&w->is_over);
}

void work_end(struct work *w)
{
	const uint64_t one = 1;

	if (w == NULL)
		return;
	if (w->has_thread) {
		if (w->stop_fd >= 0 && !atomic_load(&w->is_over))
			(void)!write(w->stop_fd, &one, sizeof one);
		pthread_join(w->thread, NULL);
	}
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	free(w);
}
