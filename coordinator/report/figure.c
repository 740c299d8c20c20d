#include "coordinator/report/figure.h"
#include <math.h>
#include <stdarg.h>

static __attribute__((format(printf, 1, 0))) char *format(const char *text, va_list args)
{
	char *out;

	if (vasprintf(&out, text, args) < 0)
		abort();
	return out;
}

/* ids count from 1 within a kind. */
static char *new_id(const struct figures *out, const char *kind)
{
	size_t n = 1, len = strlen(kind);

	for (size_t i = 0; i < out->n; i++) {
		const char *id = out->items[i]->id;
		n += strncmp(id, kind, len) == 0 && id[len] == '-' &&
		     id[len + 1 + strspn(id + len + 1, "0123456789")] == '\0';
	}
	return xasprintf("%s-%zu", kind, n);
}

struct figure *figure_add(struct figures *out, const char *kind, const char *title, ...)
{
	struct figure *f = xcalloc(1, sizeof *f);
	va_list args;

	f->id = new_id(out, kind);
	f->panels = json_array();
	va_start(args, title);
	f->title = format(title, args);
	va_end(args);
	out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
	out->items[out->n++] = f;
	return f;
}

void figure_reading(struct figure *f, const char *text, ...)
{
	va_list args;

	free(f->reading);
	va_start(args, text);
	f->reading = format(text, args);
	va_end(args);
}

void figure_note(struct figure *f, const char *text, ...)
{
	va_list args;
	char *before = f->note;

	va_start(args, text);
	_cleanup_free_ char *new = format(text, args);
	va_end(args);
	f->note = before == NULL ? xstrdup(new) : xasprintf("%s %s", before, new);
	free(before);
}

void figures_leave_out(struct figures *out, const char *why, ...)
{
	va_list args;

	out->left_out = xreallocarray(out->left_out, out->left_out_n + 1, sizeof *out->left_out);
	va_start(args, why);
	out->left_out[out->left_out_n++] = format(why, args);
	va_end(args);
}

void figure_field(struct figure *f, const char *name, enum field_kind kind, const char *unit,
	const char *title, ...)
{
	va_list args;

	va_start(args, title);
	f->fields = xreallocarray(f->fields, f->fields_n + 1, sizeof *f->fields);
	f->fields[f->fields_n++] = (struct figure_field){.name = name,
		.kind = kind,
		.unit = unit == NULL ? NULL : xstrdup(unit),
		.title = format(title, args)};
	va_end(args);
}

void figure_row(struct figure *f)
{
	if (f->rows_n == f->allocated) {
		f->allocated = f->allocated == 0 ? 64 : 2 * f->allocated;
		f->values = xreallocarray(
			f->values, f->allocated * (f->fields_n + 1), sizeof *f->values);
	}
	for (size_t i = 0; i < f->fields_n; i++)
		f->values[f->rows_n * f->fields_n + i] = (struct figure_value){.number = NAN};
	f->rows_n++;
}

/* The value of a field in the last row. A field that is not there is a mistake of ours. */
static struct figure_value *last_value(struct figure *f, const char *field)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, field) == 0)
			return &f->values[(f->rows_n - 1) * f->fields_n + i];
	}
	fprintf(stderr, "report: figure %s has no field '%s'\n", f->id, field);
	abort();
}

void figure_set_text(struct figure *f, const char *field, const char *text)
{
	struct figure_value *v = last_value(f, field);

	free(v->text);
	v->text = text == NULL ? NULL : xstrdup(text);
}

void figure_set_number(struct figure *f, const char *field, double value)
{
	last_value(f, field)->number = isfinite(value) ? value : NAN;
}

void figure_panel(struct figure *f, const char *chart, ...)
{
	json_error_t why;
	va_list args;

	va_start(args, chart);
	_cleanup_free_ char *text = format(chart, args);
	va_end(args);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	json_t *panel = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	if (panel == NULL) {
		fprintf(stderr, "report: the chart of figure %s: %s at %d\n", f->id, why.text,
			why.position);
		abort();
	}
	json_array_append_new(f->panels, panel);
}

void figure_text_of(const struct figure *f, size_t row, size_t field, struct buf *out)
{
	const struct figure_value *v = &f->values[row * f->fields_n + field];

	if (f->fields[field].kind == FIELD_TEXT)
		buf_adds(out, v->text == NULL ? "" : v->text);
	else if (!isnan(v->number))
		buf_addf(out, "%.6g", v->number);
}

static void figure_done(struct figure *f)
{
	for (size_t i = 0; i < f->rows_n * f->fields_n; i++)
		free(f->values[i].text);
	for (size_t i = 0; i < f->fields_n; i++) {
		free(f->fields[i].title);
		free(f->fields[i].unit);
	}
	json_decref(f->panels);
	free(f->values);
	free(f->fields);
	free(f->id);
	free(f->title);
	free(f->reading);
	free(f->note);
	free(f);
}

void figures_done(struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		figure_done(f->items[i]);
	for (size_t i = 0; i < f->left_out_n; i++)
		free(f->left_out[i]);
	free(f->items);
	free(f->left_out);
	*f = (struct figures){0};
}

void figures_drop_empty(struct figures *out, size_t from, const char *kind)
{
	size_t n = from;

	for (size_t i = from; i < out->n; i++) {
		struct figure *f = out->items[i];
		if (f->rows_n > 0) {
			out->items[n++] = f;
			continue;
		}
		figures_leave_out(out,
			"%s: '%s' has nothing to draw: values are 0, or what is compared has no "
			"block "
			"in common",
			kind, f->title);
		figure_done(f);
	}
	out->n = n;
}
