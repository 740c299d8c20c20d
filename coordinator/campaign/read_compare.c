/* What is compared with what; and naming axes, fields of hosts and their values. */
#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"

#define DEFAULT_THRESHOLD 20000 /* 2 % */
#define DEFAULT_ALPHA     0.01

/* ---- axes and values ---- */

const char **read_axis_names(const struct reader *r, size_t *n)
{
	const struct campaign *c = r->campaign;
	const char **words;
	size_t room = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		room += c->benchmarks[i].axes_n;
	words = xcalloc(room + 1, sizeof *words);
	*n = 0;
	for (size_t i = 0; i < c->benchmarks_n; i++)
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++)
			words[(*n)++] = c->benchmarks[i].axes[a].name;
	return words;
}

bool read_is_axis(const struct campaign *c, const char *name)
{
	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (axis_find(c->benchmarks[i].axes, c->benchmarks[i].axes_n, name) >= 0)
			return true;
	return false;
}

/* Whether a benchmark has the value on this axis, also as one that `include` adds, or nobody can
 * tell before a host is known. */
static bool may_have_value(const struct benchmark *b, size_t axis, const char *text)
{
	if (b->axes[axis].is_each || b->axes[axis].n == 0 ||
		values_have(b->axes[axis].values, b->axes[axis].n, text))
		return true;
	for (size_t i = 0; i < b->rules->includes_n; i++)
		for (size_t t = 0; t < b->rules->includes[i].n; t++)
			if (b->rules->includes[i].terms[t].axis == axis &&
				values_have(b->rules->includes[i].terms[t].values,
					b->rules->includes[i].terms[t].n, text))
				return true;
	return false;
}

bool read_has_value(const struct reader *r, const char *axis, const char *value, char out[96])
{
	const struct campaign *c = r->campaign;
	_cleanup_free_ const char **words = NULL;
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];
		int a = axis_find(b->axes, b->axes_n, axis);

		if (a < 0)
			continue;
		if (may_have_value(b, (size_t)a, value))
			return true;
		words = xreallocarray(words, n + b->axes[a].n + 1, sizeof *words);
		for (size_t v = 0; v < b->axes[a].n; v++)
			words[n++] = b->axes[a].values[v].text;
	}
	diag_nearest(out, value, words, n);
	return false;
}

static bool is_host(const char *by)
{
	return strcmp(by, "host") == 0 || strncmp(by, "host.", 5) == 0;
}

bool read_check_by(struct reader *r, const struct node *n, const char *what)
{
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t words_n;

	if (!n || n->kind != NODE_SCALAR || n->text[0] == '\0')
		return false;
	if (strcmp(n->text, "host") == 0 || read_is_axis(r->campaign, n->text))
		return true;
	if (is_host(n->text)) {
		if (host_field_is_known(n->text))
			return true;
		diag_error(r->d, n, "%s is '%s', which is no field of a host%s", what, n->text,
			host_field_nearest(nearest, n->text));
		return false;
	}
	words = read_axis_names(r, &words_n);
	words[words_n++] = "host";
	diag_error(r->d, n, "%s is '%s', expected an axis, host or a field of it%s", what, n->text,
		diag_nearest(nearest, n->text, words, words_n));
	return false;
}

void read_check_value_of(
	struct reader *r, const struct node *n, const struct node *by, const char *what)
{
	const struct host_choice *hosts = &r->campaign->hosts;
	char nearest[96];

	if (!n || n->kind != NODE_SCALAR || n->text[0] == '\0')
		return;
	if (strcmp(by->text, "host") == 0 && hosts->names_n > 0) {
		for (size_t i = 0; i < hosts->names_n; i++)
			if (strcmp(hosts->names[i], n->text) == 0)
				return;
		diag_nearest(nearest, n->text, (const char *const *)hosts->names, hosts->names_n);
		diag_error(r->d, n, "%s is '%s', which is none of hosts.names%s", what, n->text,
			nearest);
	} else if (!is_host(by->text) && !read_has_value(r, by->text, n->text, nearest)) {
		diag_error(r->d, n, "%s is '%s', expected a value of axis '%s'%s", what, n->text,
			by->text, nearest);
	}
}

/* ---- compare ---- */

static void read_comparison(struct reader *r, const struct node *n, struct comparison *out)
{
	const struct node *metrics = node_get(n, "metrics"), *by = node_get(n, "by");

	out->by = (char *)read_text(n, "by", NULL);
	out->baseline = (char *)read_text(n, "baseline", NULL);
	out->metrics = read_texts(r->arena, metrics, &out->metrics_n);
	out->threshold = read_percent(n, "threshold", DEFAULT_THRESHOLD);
	out->alpha = read_number(n, "alpha", DEFAULT_ALPHA);
	if (read_check_by(r, by, "'by'"))
		read_check_value_of(r, node_get(n, "baseline"), by, "'baseline'");
	for (size_t i = 0; i < out->metrics_n; i++)
		metric_check(r, read_item(metrics, i), "'metrics'");
}

const struct comparison *campaign_comparison(const struct campaign *c, const char *by)
{
	for (size_t i = 0; i < c->comparisons_n; i++) {
		const struct comparison *one = &c->comparisons[i];

		if (one->by != NULL && (by == NULL || strcmp(one->by, by) == 0))
			return one;
	}
	return NULL;
}

void read_compare(struct reader *r)
{
	const struct node *compare = node_get(r->root, "compare");
	struct campaign *c = r->campaign;
	size_t n = !compare ? 0 : compare->kind == NODE_LIST ? compare->n : 1;

	n = n < SCHEMA_MAX_ENTRIES ? n : SCHEMA_MAX_ENTRIES;
	c->comparisons = arena_array(r->arena, n, sizeof *c->comparisons);
	for (size_t i = 0; i < n; i++) {
		const struct node *item = compare->kind == NODE_LIST ? compare->items[i] : compare;

		if (item->kind == NODE_MAP)
			read_comparison(r, item, &c->comparisons[c->comparisons_n++]);
	}
}
