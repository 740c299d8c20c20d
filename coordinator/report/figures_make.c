/* The figures of a report: which are asked for, and of what they are made. */
#include "coordinator/findings/questions.h"
#include "coordinator/report/figure.h"

/* What is compared with what: as the figure says, else as the campaign's first comparison (along
 * the figure's axis, if it names one). */
static void set_comparison(const struct report_figure *request, struct figure_source *source)
{
	const struct campaign *c = source->study->campaign;
	const struct comparison *known = c == NULL ? NULL : campaign_comparison(c, request->by);

	source->by = request->by;
	source->baseline = request->baseline;
	source->threshold = DEFAULT_THRESHOLD;
	source->alpha = DEFAULT_ALPHA;
	if (known == NULL)
		return;
	source->by = known->by;
	if (source->baseline == NULL)
		source->baseline = known->baseline;
	if (known->alpha > 0) {
		source->threshold = (double)known->threshold / 1e6;
		source->alpha = known->alpha;
	}
}

static int make(const struct report_figure *request, struct results *r, const struct study *study,
	struct figures *out, struct error *err)
{
	const struct figure_ops *ops = figure_kind(request->kind);
	struct figure_source source = {.results = r, .study = study};
	size_t n = study->g.lanes_n * study->g.configurations_n;
	_cleanup_free_ bool *kept = xcalloc(n + 1, sizeof *kept);

	if (ops == NULL) {
		figures_leave_out(out, "%s: this version cannot draw it", request->kind);
		return 0;
	}
	if (study_only_of(study, request->only, kept, err) < 0) {
		/* The other figures are as good as without it. */
		figures_leave_out(out, "%s: only: %s", request->kind, err->text);
		*err = (struct error){0};
		return 0;
	}
	source.kept = kept;
	set_comparison(request, &source);
	return ops->make(request, &source, out, err);
}

static void put_before(char **text, const char *name)
{
	char *whole = xasprintf("%s: %s", name, *text);

	free(*text);
	*text = whole;
}

/* A request may have given several figures, or reasons why there is none: all are called by its
 * name. */
static int make_named(const struct report_figure *request, struct results *r,
	const struct study *study, struct figures *out, struct error *err)
{
	size_t figure = out->n, left_out = out->left_out_n;
	int code = make(request, r, study, out, err);

	for (; request->name != NULL && figure < out->n; figure++)
		put_before(&out->items[figure]->title, request->name);
	for (; request->name != NULL && left_out < out->left_out_n; left_out++)
		put_before(&out->left_out[left_out], request->name);
	return code;
}

int figures_make(
	struct results *r, const struct study *study, struct figures *out, struct error *err)
{
	const struct campaign *c = study->campaign;
	size_t asked = c == NULL ? 0 : c->report.figures_n;
	int code = 0;

	for (size_t i = 0; i < asked && code >= 0; i++)
		code = make_named(&c->report.figures[i], r, study, out, err);
	for (size_t i = 0; asked == 0 && figure_kinds[i] != NULL && code >= 0; i++) {
		const struct report_figure usual = {.kind = (char *)figure_kinds[i]->kind};
		code = make(&usual, r, study, out, err);
	}
	return code < 0 ? code : 0;
}
