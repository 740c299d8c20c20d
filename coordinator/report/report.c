#include "coordinator/report/report.h"
#include "coordinator/report/figure_chart.h"
#include "coordinator/report/page.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is asked ---- */

static bool has_questions(const struct campaign *c)
{
	return c != NULL && campaign_comparison(c, NULL) != NULL;
}

/* That a question cannot be answered is said in its place; the page is about more. */
static void answer(struct report *r, size_t i)
{
	const struct question *q = &r->questions.items[i];
	struct comparison_result *c = &r->answers[i];
	struct error err = {0};

	if (q->metrics_n == 0)
		error_set(&err, ERR_USAGE, "%s has none of the metrics to compare", r->g->label);
	else if (comparison_make(q, r->g, r->g, c, &err) == 0 && c->n == 0)
		error_set(&err, ERR_USAGE, "there is nothing to compare with %s%s%s", q->baseline,
			c->missing_n ? ": " : "", c->missing_n ? c->missing[0] : "");
	if (err.text[0] != '\0')
		r->unanswered[i] = xstrdup(err.text);
}

static void ask(struct report *r)
{
	static const struct asked what_the_campaign_asks;
	struct error err = {0};

	if (!has_questions(r->study->campaign)) {
		r->no_questions = xasprintf("The campaign's file asks for no comparison with a "
					    "baseline: joulerig compare %s --by AXIS --baseline "
					    "VALUE makes one.",
			r->g->label);
		return;
	}
	if (questions_make(&what_the_campaign_asks, r->study, NULL, &r->questions, &err) < 0) {
		questions_done(&r->questions);
		r->no_questions = xstrdup(err.text);
		return;
	}
	r->answers = xcalloc(r->questions.n + 1, sizeof *r->answers);
	r->unanswered = xcalloc(r->questions.n + 1, sizeof *r->unanswered);
	for (size_t i = 0; i < r->questions.n; i++)
		answer(r, i);
}

/* ---- what is stored of the campaign beside its runs ---- */

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct report *r = arg;
	const struct blob *uuid = &c[CAMPAIGNS_UUID].blob;

	(void)key;
	(void)n;
	if (r->uuid != NULL)
		return 1;
	r->uuid = xcalloc(1, 2 * uuid->len + 1);
	hex_encode(r->uuid, uuid->data, uuid->len);
	r->file = xstrdup(cell_text(&c[CAMPAIGNS_FILE]));
	return 0;
}

/* A coordinator of an older version does not know these: the page is about more. */
static void take_stock(struct report *r)
{
	struct error err = {0};

	if (requirements_read(r->results, r->g->label, &r->requirements, &err) < 0)
		r->no_requirements = xstrdup(err.text);
	if (accounts_make(r->results, r->g, &r->accounts, &err) < 0)
		r->no_accounts = xstrdup(err.text);
}

/* ---- the whole ---- */

int report_make(
	struct results *r, const struct study *study, struct report **out, struct error *err)
{
	struct report *new = xcalloc(1, sizeof *new);
	int code;

	new->results = r;
	new->study = study;
	new->g = &study->g;
	code = results_query(r, "campaigns", study->g.label, NULL, on_campaign, new, err);
	if (code >= 0) {
		ask(new);
		take_stock(new);
		claims_make(study, &new->claims);
		code = figures_make(r, study, &new->figures, err);
	}
	if (code < 0) {
		report_free(new);
		return code;
	}
	*out = new;
	return 0;
}

void report_free(struct report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; r->answers != NULL && i < r->questions.n; i++) {
		comparison_done(&r->answers[i]);
		free(r->unanswered[i]);
	}
	free(r->answers);
	free(r->unanswered);
	free(r->no_questions);
	questions_done(&r->questions);
	requirements_done(&r->requirements);
	accounts_done(&r->accounts);
	free(r->no_requirements);
	free(r->no_accounts);
	claims_done(&r->claims);
	figures_done(&r->figures);
	free(r->uuid);
	free(r->file);
	free(r);
}

/* ---- figures as files ---- */

/* A file of a figure, which goes beside its place first: what is there is whole, always. */
struct part {
	FILE *to;
	char *path, *beside;
};

static int part_begin(
	struct part *p, const char *dir, const char *id, const char *ending, struct error *err)
{
	p->path = xasprintf("%s/%s%s", dir, id, ending);
	p->beside = xasprintf("%s.part", p->path);
	p->to = fopen(p->beside, "we");
	return p->to == NULL ? error_errno(err, "report: cannot write %s", p->path) : 0;
}

static int part_end(struct part *p, struct error *err)
{
	int code = 0;

	if (p->to != NULL) {
		bool has_failed = fflush(p->to) != 0 || ferror(p->to) != 0;
		if (has_failed)
			code = error_errno(err, "report: cannot write %s", p->path);
		if (fclose(p->to) != 0 && code == 0)
			code = error_errno(err, "report: cannot write %s", p->path);
		if (code == 0 && rename(p->beside, p->path) != 0)
			code = error_errno(err, "report: cannot write %s", p->path);
		if (code < 0)
			unlink(p->beside);
	}
	free(p->path);
	free(p->beside);
	return code;
}

static int write_figure(const struct figure *f, const char *dir, struct error *err)
{
	_cleanup_free_ char *data = xasprintf("%s.csv", f->id);
	struct part chart = {0}, rows = {0};
	int code = part_begin(&chart, dir, f->id, ".vl.json", err);

	if (code == 0) {
		json_t *document = figure_document(f, data);
		json_dumpf(document, chart.to, JSON_INDENT(2));
		putc('\n', chart.to);
		json_decref(document);
	}
	int ended = part_end(&chart, err);
	code = code < 0 ? code : ended;
	if (code < 0)
		return code;
	code = part_begin(&rows, dir, f->id, ".csv", err);
	if (code == 0)
		figure_csv(f, rows.to);
	ended = part_end(&rows, err);
	return code < 0 ? code : ended;
}

int report_figures(struct report *r, const char *dir, struct error *err)
{
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return error_errno(err, "report: --figures %s", dir);
	for (size_t i = 0; i < r->figures.n; i++) {
		int code = write_figure(r->figures.items[i], dir, err);

		if (code < 0)
			return code;
	}
	return (int)r->figures.n;
}
