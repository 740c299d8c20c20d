#include "coordinator/commands/plan_place.h"

#include "coordinator/campaign/plan_depends.h"
#include "coordinator/commands/plan_hosts.h"
#include <jansson.h>
#include <stdio.h>
#include <uthash.h>

struct known {
	UT_hash_handle hh;
	struct placing placing;
	char key[];
};

/* What a configuration's placement depends on, and what came of it: rendering is much dearer than
 * looking that up. */
struct seen {
	UT_hash_handle hh;
	const struct placing *placing;
	char key[];
};

struct placings {
	const struct campaign *campaign;
	bool this_machine;
	const char *root;
	struct known *known;
	struct seen *seen;
	const struct benchmark *benchmark; /* that depends is of; NULL: none yet */
	bool *depends;                     /* on axis i */
};

struct placings *placings_open(const struct campaign *c, bool this_machine, const char *root)
{
	struct placings *p = xcalloc(1, sizeof *p);

	*p = (struct placings){.campaign = c, .this_machine = this_machine, .root = root};
	return p;
}

void placings_close(struct placings *p)
{
	struct known *known, *next;
	struct seen *seen, *next_seen;

	HASH_ITER (hh, p->seen, seen, next_seen) {
		HASH_DELETE(hh, p->seen, seen);
		free(seen);
	}
	HASH_ITER (hh, p->known, known, next) {
		HASH_DELETE(hh, p->known, known);
		free(known->placing.list);
		free(known->placing.nodes);
		free(known->placing.problem);
		free(known);
	}
	free(p->depends);
	free(p);
}

/* ---- asking the agent ---- */

/* The options of `joulerig-agent placement` for an assignment, and room for the values of numbers.
 */
struct question {
	const char *argv[32];
	size_t n;
	char cpus[24], packages[24];
};

static void add_option(struct question *q, const char *name, const char *value)
{
	if (!text_is_set(value))
		return;
	q->argv[q->n++] = name;
	q->argv[q->n++] = value;
}

static const char *number(char out[24], int64_t value)
{
	if (value == ABSENT)
		return NULL;
	snprintf(out, 24, "%lld", (long long)value);
	return out;
}

static void make_question(struct question *q, const struct message_assign *a, const char *root)
{
	*q = (struct question){.argv = {NULL, "placement"}, .n = 2};
	add_option(q, "--format", "json");
	add_option(q, "--root", root);
	add_option(q, "--cpus", number(q->cpus, a->cpus));
	add_option(q, "--policy", a->policy);
	add_option(q, "--list", a->list);
	add_option(q, "--smt", a->smt);
	add_option(q, "--core-kind", a->core_kind);
	add_option(q, "--packages", number(q->packages, a->packages));
	add_option(q, "--memory", a->memory);
	add_option(q, "--threads", a->threads);
	if (a->oversubscribe == 1)
		q->argv[q->n++] = "--oversubscribe";
}

/* The questions of equal configurations are equal. */
static char *key_of(const struct question *q, const char *host)
{
	_cleanup_buf_ struct buf key = BUF_INIT;

	buf_adds(&key, host);
	for (size_t i = 1; i < q->n; i++)
		buf_addf(&key, "\n%s", q->argv[i]);
	return buf_take(&key);
}

static void take_answer(struct placing *p, const char *text)
{
	json_t *answer = json_loads(text, 0, NULL), *cpu;
	const json_t *cpus = json_object_get(answer, "cpus");
	const char *nodes = json_string_value(json_object_get(answer, "nodes"));
	_cleanup_buf_ struct buf list = BUF_INIT;
	size_t i;

	json_array_foreach(cpus, i, cpu)
		buf_addf(&list, "%s%lld", i ? "," : "", (long long)json_integer_value(cpu));
	if (json_array_size(cpus) > 0) {
		p->cpus = (int64_t)json_array_size(cpus);
		p->list = buf_take(&list);
	}
	p->nodes = text_is_set(nodes) ? xstrdup(nodes) : NULL;
	json_decref(answer);
}

static void ask(struct placing *p, struct question *q)
{
	_cleanup_buf_ struct buf answer = BUF_INIT;
	struct error err = {0};

	if (agent_tells(q->argv, &answer, &err) < 0)
		p->problem = xstrdup(err.text);
	else
		take_answer(p, answer.data);
}

/* ---- finding ---- */

/* The axes that decide on the placement of a benchmark: found once for its configurations, which
 * come one after another. */
static const bool *find_depends(struct placings *p, const struct benchmark *b)
{
	if (p->benchmark != b) {
		free(p->depends);
		p->depends = xcalloc(b->axes_n + b->derived_n + 1, sizeof *p->depends);
		depend_on_placement(b, p->depends);
		p->benchmark = b;
	}
	return p->depends;
}

static char *seen_key(struct placings *p, const struct configuration *c, const char *host)
{
	const struct benchmark *b = c->benchmark;
	const bool *depends = find_depends(p, b);
	_cleanup_buf_ struct buf key = BUF_INIT;

	buf_addf(&key, "%s\n%s", host, b->name);
	for (size_t i = 0; i < b->axes_n; i++)
		if (depends[i])
			buf_addf(&key, "\n%s", configuration_value(c, i)->text);
	return buf_take(&key);
}

/* What an assignment asks for: asked of the agent where that was not done before. */
static const struct placing *placing_of(
	struct placings *p, const struct message_assign *assign, const char *host)
{
	struct question q;
	struct known *known;

	make_question(&q, assign, p->root);
	_cleanup_free_ char *key = key_of(&q, host);
	HASH_FIND_STR(p->known, key, known);
	if (known)
		return &known->placing;
	known = xcalloc(1, sizeof *known + strlen(key) + 1);
	memcpy(known->key, key, strlen(key) + 1);
	known->placing.cpus = assign->cpus;
	if (p->this_machine)
		ask(&known->placing, &q);
	HASH_ADD_STR(p->known, key, known);
	return &known->placing;
}

const struct placing *placing_find(
	struct placings *p, const struct configuration *c, const struct plan_host *host)
{
	_cleanup_free_ char *key = seen_key(p, c, host->name);
	struct render_arena *arena = NULL;
	struct message m;
	struct seen *seen;

	HASH_FIND_STR(p->seen, key, seen);
	if (seen)
		return seen->placing;
	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(p->campaign, c, host, "", &m.assign, &arena);
	seen = xcalloc(1, sizeof *seen + strlen(key) + 1);
	memcpy(seen->key, key, strlen(key) + 1);
	seen->placing = placing_of(p, &m.assign, host->name);
	HASH_ADD_STR(p->seen, key, seen);
	render_done(arena);
	return seen->placing;
}

void placing_shorten(const char *list, struct buf *out)
{
	while (*list) {
		char *end, *next;
		long first = strtol(list, &end, 10), last = first;
		const char *after_one = end;

		while (*end == ',' && strtol(end + 1, &next, 10) == last + 1) {
			last++;
			end = next;
		}
		buf_addf(out, "%s%ld", out->len ? "," : "", first);
		if (last >= first + 2)
			buf_addf(out, "-%ld", last);
		else
			end = (char *)after_one;
		list = *end == ',' ? end + 1 : end;
	}
}
