/* joulerig label ID KEY=VALUE...: labels of a submission, told afterwards. */
#include "coordinator/commands/steering.h"
#include "coordinator/dispatch/more.h"
#include "proto/clock.h"

#define MOST 64 /* labels at once */

struct labels {
	struct message_pair *pairs; /* keys owned */
	size_t n;
};

static int read_labels(const char **texts, size_t n, struct labels *out, struct error *err)
{
	out->pairs = xcalloc(n + 1, sizeof *out->pairs);
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(texts[i], '=');

		if (equals == NULL || equals == texts[i])
			return error_set(err, ERR_USAGE,
				"label: '%s': expected KEY=VALUE, or KEY= to take it away",
				texts[i]);
		out->pairs[out->n++] = (struct message_pair){
			.key = xstrndup(texts[i], (size_t)(equals - texts[i])),
			.value = equals + 1};
	}
	return 0;
}

static void labels_done(struct labels *l)
{
	for (size_t i = 0; i < l->n; i++)
		free((void *)l->pairs[i].key);
	free(l->pairs);
}

static int label_in_file(const struct store_ops *ops, struct store *s, const struct steered *c,
	void *arg, struct error *err)
{
	const struct labels *l = arg;
	struct kept k;
	int r = kept_find_any(&k, ops, s, c->label, "label", err);

	if (r == 0)
		r = more_label(&k, l->pairs, l->n, clock_realtime_ns(), ops, s, err);
	kept_done(&k);
	return r;
}

static int label(struct steered *c, struct labels *l, struct error *err)
{
	struct message m, answer;
	int r;

	if (c->is_file)
		return steering_write(c, label_in_file, l, err);
	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "label";
	m.steer.label = c->label;
	m.steer.labels = (struct list){.items = l->pairs, .n = l->n};
	r = steering_ask(c, &m, &answer, err);
	if (r == 0)
		message_done(&answer);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	struct labels l = {0};
	struct steered c;

	if (read_labels(arguments + 1, n - 1, &l, err) < 0) {
		labels_done(&l);
		return EXIT_USAGE;
	}
	int r = steering_find(&c, target, arguments[0], err);
	if (r == 0)
		r = label(&c, &l, err);
	steering_done(&c);
	labels_done(&l);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_label = {
	.name = "label",
	.usage = "label ID KEY=VALUE ...",
	.summary = "label a submission, as submit's --label does beforehand",
	.details = "KEY= takes a label away. 'joulerig status ID' shows them, and 'trend' that of "
		   "'commit'.",
	.options_size = sizeof(struct common_options),
	.min_arguments = 2,
	.max_arguments = 1 + MOST,
	.run = run,
};
