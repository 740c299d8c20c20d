/* Samples of a run: chunks of the sampling thread become frames. */
#include "agent/run_parts.h"

#include <poll.h>

#define SAMPLES_STEP (4 * 1024 * 1024) /* see run.h */
#define SAMPLES_MAX  (16 * 1024 * 1024)
#define THINNING_MAX 16

/* Samples in a chunk: its second element (sampler.h); 0 where it is no chunk. */
static int64_t samples_in(const struct buf *chunk)
{
	const unsigned char *p = (const unsigned char *)chunk->data;
	if (chunk->len < 7)
		return 0;
	if (p[2] < 0x80)
		return p[2];
	if (p[2] == 0xcc)
		return p[3];
	if (p[2] == 0xcd)
		return p[3] << 8 | p[4];
	return p[2] == 0xce ? (int64_t)p[3] << 24 | p[4] << 16 | p[5] << 8 | p[6] : 0;
}

static void take_samples(struct runner *r)
{
	bool is_new = false;
	for (buf_reset(&r->chunk); sampler_take(r->set->sampler, &r->chunk); buf_reset(&r->chunk)) {
		unsigned level = (unsigned)(r->frames.len / SAMPLES_STEP) + r->thinning;
		int64_t turn = r->chunks_taken++;
		if (r->frames.len + r->chunk.len > SAMPLES_MAX ||
			(turn & ((INT64_C(1) << level) - 1)) != 0) {
			r->outcome.thinned += samples_in(&r->chunk);
			continue;
		}
		struct message m;
		message_init(&m, MESSAGE_SAMPLES);
		m.samples.id = r->assign->id;
		m.samples.chunk = r->outcome.chunks++;
		m.samples.data = (struct blob){r->chunk.data, r->chunk.len};
		size_t begun = spool_frame_begin(&r->frames);
		message_encode(&m, &r->frames);
		spool_frame_end(&r->frames, begun);
		is_new = true;
	}
	if (is_new && r->phase == PHASE_RUNNING && r->is_streaming)
		r->handler.on_samples(r->handler.arg);
}

void runner_thin(struct runner *r, unsigned level)
{
	r->thinning = level < THINNING_MAX ? level : THINNING_MAX;
}

static void on_sampler(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	take_samples(arg);
}

void run_begin_sampling(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	(void)now_ns;
	r->sampling = NULL;
	r->is_sampling = true;
	loop_watch_fd(r->options.loop, sampler_fd(r->set->sampler), POLLIN, on_sampler, r);
	sampler_start(r->set->sampler, r->assign->every_ns, r->measured,
		r->placement.uses_housekeeping ? -1 : r->options.topology->housekeeping);
}

void run_stop_sampling(struct runner *r)
{
	run_cancel_timer(r, &r->sampling);
	if (!r->is_sampling)
		return;
	r->is_sampling = false;
	sampler_stop(r->set->sampler);
	loop_unwatch_fd(r->options.loop, sampler_fd(r->set->sampler));
	take_samples(r);
	if (r->outcome.thinned > 0)
		measured_flag(&r->outcome.measured, "samples_thinned");
}
