/* joulerig extend ID --blocks N: more blocks of a campaign, under the label that it has. */
#include "coordinator/commands/steering.h"
#include "coordinator/dispatch/more.h"
#include "proto/clock.h"
#include <stdio.h>

struct extend_options {
	struct common_options common;
	int64_t blocks;
};

static const struct option_info options[] = {
	{"blocks", OPTION_COUNT, offsetof(struct extend_options, blocks), "N",
		"how many more; with 'until' at most", NULL},
	{.name = NULL},
};

static const struct extend_options defaults = {.blocks = ABSENT};

struct extending {
	int64_t blocks;
	struct more_blocks more;
};

static int extend_in_file(const struct store_ops *ops, struct store *s, const struct steered *c,
	void *arg, struct error *err)
{
	struct extending *e = arg;
	struct kept k;
	int r = kept_find(&k, ops, s, c->label, "extend", err);

	if (r == 0)
		r = more_extend(&k, e->blocks, clock_realtime_ns(), ops, s, &e->more, err);
	kept_done(&k);
	return r;
}

static int extend(struct steered *c, int64_t blocks, struct error *err)
{
	struct extending e = {.blocks = blocks};
	struct message m;
	int r;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "extend";
	m.steer.blocks = blocks;
	if (!c->is_file)
		return steering_more(c, &m, err);
	r = steering_write(c, extend_in_file, &e, err);
	_cleanup_free_ char *text = xasprintf("%lld blocks in all", (long long)e.more.max);
	if (r == 0)
		steering_say_resume(c, text);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct extend_options *o = target;
	struct steered c;

	(void)n;
	if (o->blocks == ABSENT) {
		error_set(err, ERR_USAGE, "extend: by how much? give --blocks N");
		return EXIT_USAGE;
	}
	int r = steering_find(&c, &o->common, arguments[0], err);
	if (r == 0)
		r = extend(&c, o->blocks, err);
	steering_done(&c);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_extend = {
	.name = "extend",
	.usage = "extend ID --blocks N",
	.summary = "measure more blocks of a campaign that ended, or goes on",
	.details =
		"They join those that there are: its results are of all. With 'until' N is "
		"added to 'max', and\nwhat is narrow enough runs no more; a budget counts anew. A "
		"coordinator that has the store\ngoes on at once; what nobody has goes on with "
		"'joulerig resume ID'.",
	.options = options,
	.options_size = sizeof(struct extend_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
