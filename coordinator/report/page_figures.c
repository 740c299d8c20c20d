/* Figures: how to read each, the place of its charts, and the table that they are drawn of. */
#include "coordinator/report/figure_chart.h"
#include "coordinator/report/markdown.h"
#include "coordinator/report/page.h"

static void print_table(const struct figure *f, FILE *to)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", to);
	html_textf(to, "data: %s", f->title);
	fputs("\"><table class=\"data", to);
	for (size_t i = 0; i < f->fields_n; i++)
		if (f->fields[i].kind == FIELD_NUMBER)
			fprintf(to, " n%zu", i + 1);
	fputs("\"><thead><tr>", to);
	for (size_t i = 0; i < f->fields_n; i++) {
		_cleanup_free_ char *title = figure_field_title(&f->fields[i]);

		fprintf(to, "<th scope=\"col\" data-field=\"%s\"%s>", f->fields[i].name,
			f->fields[i].kind == FIELD_NUMBER ? " data-number" : "");
		html_text(to, title);
	}
	fputs("</thead><tbody>", to);
	/* The ends of cells and rows are left out, as HTML allows: there may be many. */
	for (size_t row = 0; row < f->rows_n; row++) {
		fputs("\n<tr>", to);
		for (size_t i = 0; i < f->fields_n; i++) {
			_cleanup_buf_ struct buf text = BUF_INIT;

			figure_text_of(f, row, i, &text);
			fputs("<td>", to);
			html_text(to, text.data);
		}
	}
	fputs("\n</tbody></table></div>\n", to);
}

/* What page.js draws: charts without data, which it takes out of the table. */
static void print_charts(const struct figure *f, FILE *to)
{
	json_t *panels = json_array(), *all;

	for (size_t i = 0; i < json_array_size(f->panels); i++)
		json_array_append_new(panels, figure_chart(f, i));
	all = json_pack("{s:o, s:i}", "panels", panels, "tall", (int)f->tall);
	if (f->facet != NULL && figure_find_field(f, f->facet) != NULL) {
		_cleanup_free_ char *title = figure_field_title(figure_find_field(f, f->facet));

		json_object_set_new(all, "facet", json_string(f->facet));
		json_object_set_new(all, "facetTitle", json_text(title));
		json_object_set_new(all, "facetValues", figure_values(f, f->facet));
	}
	fputs("<script type=\"application/json\" class=\"charts\">", to);
	html_json(to, all);
	fputs("</script>\n", to);
	json_decref(all);
}

static void print_figure(const struct figure *f, FILE *to)
{
	fputs("<figure id=\"", to);
	html_text(to, f->id);
	fputs("\">\n<figcaption><h3>", to);
	html_text(to, f->title);
	fputs("</h3>", to);
	if (f->reading != NULL)
		html_element(to, "p", NULL, "%s", f->reading);
	fputs("</figcaption>\n<div class=\"chart\" role=\"group\" aria-label=\"", to);
	html_text(to, f->title);
	fputs("\"></div>\n", to);
	print_charts(f, to);
	if (f->note != NULL)
		html_element(to, "p", "class=\"note\"", "%s", f->note);
	fprintf(to, "<details open><summary>Data: %zu row%s</summary>\n", f->rows_n,
		f->rows_n == 1 ? "" : "s");
	print_table(f, to);
	fputs("</details>\n</figure>\n", to);
}

void page_figures(const struct report *r, FILE *to)
{
	const struct figures *all = &r->figures;

	if (all->n == 0 && all->left_out_n == 0)
		return;
	page_open(to, "figures", "Figures");
	for (size_t i = 0; i < all->n; i++)
		print_figure(all->items[i], to);
	if (all->left_out_n > 0) {
		fputs("<details class=\"minor\"><summary>Figures that there are "
		      "not</summary><ul>\n",
			to);
		for (size_t i = 0; i < all->left_out_n; i++)
			html_element(to, "li", NULL, "%s", all->left_out[i]);
		fputs("</ul></details>\n", to);
	}
	page_close(to);
}

void page_sections(const struct report *r, size_t from, size_t end, FILE *to)
{
	const struct campaign *c = r->study->campaign;

	for (size_t i = from; c != NULL && i < c->report.sections_n && i < end; i++) {
		const struct report_section *s = &c->report.sections[i];

		fprintf(to, "<section class=\"text\" id=\"section-%zu\">\n<h2>", i + 1);
		html_text(to, s->title == NULL ? "" : s->title);
		fputs("</h2>\n", to);
		markdown_html(to, s->text == NULL ? "" : s->text);
		fputs("</section>\n", to);
	}
}
