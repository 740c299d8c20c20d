/* Numbers and names in words, and the pieces of HTML that all parts use. */
#include "coordinator/analysis/summary.h"
#include "coordinator/report/page.h"
#include <math.h>
#include <time.h>

#define LEVEL 0.95

void text_date(int64_t at, struct buf *out)
{
	time_t seconds = (time_t)(at / NS_PER_S);
	char text[64];
	struct tm tm;

	if (at == ABSENT || at <= 0 || gmtime_r(&seconds, &tm) == NULL) {
		buf_adds(out, "a time that is not known");
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
	buf_adds(out, text);
}

/* Digits after the point for four that count. */
static int decimals_for(double value)
{
	double digits = value == 0 ? 0 : 3 - floor(log10(fabs(value)));

	return digits < 0 ? 0 : digits > 9 ? 9 : (int)digits;
}

void text_number(double value, struct buf *out)
{
	if (!isfinite(value))
		buf_adds(out, "–");
	else if (value != 0 && (fabs(value) < 1e-4 || fabs(value) >= 1e9))
		buf_addf(out, "%.3e", value);
	else if (value == floor(value) && fabs(value) < 1e6)
		buf_addf(out, "%.0f", value);
	else
		buf_addf(out, "%.*f", decimals_for(value), value);
}

static void add_size(struct buf *out, const struct summary *s)
{
	char median[32], low[32], high[32];

	buf_adds(out, units_format_size(median, (int64_t)s->median));
	if (s->has_interval && s->high > s->low)
		buf_addf(out, " [%s, %s]", units_format_size(low, (int64_t)s->low),
			units_format_size(high, (int64_t)s->high));
}

void text_median(const struct series *series, const char *unit, struct buf *out)
{
	struct summary s;

	if (series == NULL || series->n == 0)
		return;
	_cleanup_free_ double *copy = xcalloc(series->n, sizeof *copy);
	memcpy(copy, series->values, series->n * sizeof *copy);
	summary_of(copy, series->n, LEVEL, &s);
	if (strcmp(unit, "B") == 0) {
		add_size(out, &s);
	} else if (!s.has_interval || !(s.high > s.low) || s.high - s.low < 1e-9 ||
		   fabs(s.median) >= 1e9) {
		text_number(s.median, out);
	} else {
		double digits = 1 - floor(log10(s.high - s.low));
		int n = digits < 0 ? 0 : digits > 9 ? 9 : (int)digits;

		buf_addf(out, "%.*f [%.*f, %.*f]", n, s.median, n, s.low, n, s.high);
	}
}

void text_ratio(const struct ratio *r, struct buf *out)
{
	double width = r->high - r->low;
	int digits = width > 0 && width < 0.01 ? 4 : 3;

	if (!isfinite(r->ratio))
		buf_adds(out, "none");
	else if (!isfinite(r->low) || !isfinite(r->high))
		buf_addf(out, "%.*f", digits, r->ratio);
	else
		buf_addf(out, "%.*f [%.*f, %.*f]", digits, r->ratio, digits, r->low, digits,
			r->high);
}

void text_change(double ratio, struct buf *out)
{
	if (ratio >= 2)
		buf_addf(out, "%.3g times as much", ratio);
	else if (ratio >= 1)
		buf_addf(out, "%.2g %% more", 100 * (ratio - 1));
	else
		buf_addf(out, "%.2g %% less", 100 * (1 - ratio));
}

void text_configuration(const struct gathered *g, size_t configuration, struct buf *out)
{
	const struct gathered_configuration *c = &g->configurations[configuration];
	const struct parameters *p = &c->parameters;
	_cleanup_free_ const char **same = xcalloc(p->n + 1, sizeof *same);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!axis_varies(g, NULL, p->items[i].name))
			same[n++] = p->items[i].name;
	buf_adds(out, c->benchmark);
	if (p->n > n)
		buf_addc(out, ' ');
	parameters_format(p, same, n, out);
}

const char *text_verdict_mark(enum verdict v)
{
	static const char *const marks[] = {[VERDICT_NONE] = "",
		[VERDICT_INCONCLUSIVE] = "?",
		[VERDICT_UNCHANGED] = "=",
		[VERDICT_IMPROVED] = "▼",
		[VERDICT_REGRESSED] = "▲",
		[VERDICT_CHANGED] = "◆"};

	return marks[v];
}

void page_open(FILE *to, const char *id, const char *title)
{
	fprintf(to, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id,
		id, id);
	html_text(to, title);
	fputs("</h2>\n", to);
}

void page_close(FILE *to)
{
	fputs("</section>\n", to);
}

void table_open(FILE *to, const char *label)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", to);
	html_text(to, label);
	fputs("\"><table>\n", to);
}

void table_close(FILE *to)
{
	fputs("</tbody></table></div>\n", to);
}

void page_thinned(FILE *to, size_t shown, size_t all, const char *command, ...)
{
	va_list args;

	if (all <= shown)
		return;
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_start(args, command);
	buf_vaddf(&text, command, args);
	va_end(args);
	fprintf(to, "<p class=\"note\">The first %zu of %zu rows; all of them: ", shown, all);
	html_element(to, "code", NULL, "%s", text.data);
	fputs("</p>\n", to);
}

bool axis_varies(const struct gathered *g, const char *benchmark, const char *axis)
{
	const char *first = NULL;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const struct gathered_configuration *c = &g->configurations[i];
		const char *value = parameters_get(&c->parameters, axis);

		if (benchmark != NULL && strcmp(c->benchmark, benchmark) != 0)
			continue;
		value = value == NULL ? "" : value;
		if (first != NULL && strcmp(first, value) != 0)
			return true;
		first = value;
	}
	return false;
}
