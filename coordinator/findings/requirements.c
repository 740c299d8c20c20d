#include "coordinator/findings/requirements.h"

/* ---- one row ---- */

/* A NUL would end the text where it is held as a string. */
static void add_bytes(struct buf *text, const char *p, size_t len)
{
	const char *end = p + len, *nul;

	for (; (nul = memchr(p, '\0', (size_t)(end - p))) != NULL; p = nul + 1) {
		buf_add(text, p, (size_t)(nul - p));
		buf_adds(text, "\xef\xbf\xbd");
	}
	buf_add(text, p, (size_t)(end - p));
}

static char *output_of(const struct message_cell *cells)
{
	const struct blob *kept = &cells[REQUIREMENTS_OUTPUT].blob;
	int64_t total = cells[REQUIREMENTS_TOTAL].integer, head = cells[REQUIREMENTS_HEAD].integer;
	struct buf text = BUF_INIT;

	if (kept->data == NULL)
		return buf_take(&text);
	if (head < 0 || head > (int64_t)kept->len || total <= (int64_t)kept->len)
		head = (int64_t)kept->len;
	add_bytes(&text, kept->data, (size_t)head);
	if (total > (int64_t)kept->len)
		buf_addf(&text, "\n[%lld bytes are left out here]\n",
			(long long)(total - (int64_t)kept->len));
	add_bytes(&text, (const char *)kept->data + head, kept->len - (size_t)head);
	return buf_take(&text);
}

/* The last one with anything in it, without white space around it. */
static char *last_line(const char *text)
{
	size_t end = strlen(text), start;

	while (end > 0 && strchr(" \t\r\n", text[end - 1]) != NULL)
		end--;
	for (start = end; start > 0 && text[start - 1] != '\n';)
		start--;
	while (start < end && strchr(" \t\r", text[start]) != NULL)
		start++;
	return xstrndup(text + start, end - start);
}

static json_t *object_of(const char *line)
{
	json_t *value = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;

	if (value != NULL && json_object_size(value) > 0)
		return value;
	json_decref(value);
	return NULL;
}

static char *typed(const char *json)
{
	json_t *array = json_loads(json, 0, NULL);
	struct buf text = BUF_INIT;
	json_t *word;
	size_t i;

	json_array_foreach(array, i, word)
	{
		if (i > 0)
			buf_addc(&text, ' ');
		buf_add_word(&text, json_is_string(word) ? json_string_value(word) : "");
	}
	json_decref(array);
	return buf_take(&text);
}

static int on_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct requirements *all = arg;

	(void)key;
	(void)n;
	all->items = xreallocarray(all->items, all->n + 1, sizeof *all->items);
	struct requirement *q = &all->items[all->n++];
	*q = (struct requirement){.host = xstrdup(cell_text(&c[REQUIREMENTS_HOST])),
		.json = xstrdup(cell_text(&c[REQUIREMENTS_COMMAND])),
		.command = typed(cell_text(&c[REQUIREMENTS_COMMAND])),
		.answer = c[REQUIREMENTS_ANSWER].integer,
		.is_met = text_is(c[REQUIREMENTS_VERDICT].text, "met"),
		.reason = xstrdup(cell_text(&c[REQUIREMENTS_REASON])),
		.first_at = c[REQUIREMENTS_FIRST_AT].integer,
		.last_at = c[REQUIREMENTS_LAST_AT].integer,
		.output = output_of(c),
		.total = c[REQUIREMENTS_TOTAL].integer};
	q->line = last_line(q->output);
	q->found = object_of(q->line);
	return 0;
}

/* ---- all of them ---- */

static bool is_of_same(const struct requirement *a, const struct requirement *b)
{
	return strcmp(a->host, b->host) == 0 && strcmp(a->json, b->json) == 0;
}

/* Where a row belongs: behind the last one of its command, else of its host, else at the end. */
static size_t place_of(const struct requirements *sorted, const struct requirement *q)
{
	size_t place = SIZE_MAX;

	for (size_t i = sorted->n; i-- > 0;) {
		if (is_of_same(&sorted->items[i], q))
			return i + 1;
		if (place == SIZE_MAX && strcmp(sorted->items[i].host, q->host) == 0)
			place = i + 1;
	}
	return place == SIZE_MAX ? sorted->n : place;
}

/* They come as they were told; an answer may come long after those of other commands. */
static void sort(struct requirements *q)
{
	struct requirements sorted = {.items = xcalloc(q->n + 1, sizeof *sorted.items)};

	for (size_t i = 0; i < q->n; i++) {
		size_t at = place_of(&sorted, &q->items[i]);
		memmove(&sorted.items[at + 1], &sorted.items[at],
			(sorted.n - at) * sizeof *sorted.items);
		sorted.items[at] = q->items[i];
		sorted.n++;
	}
	free(q->items);
	*q = sorted;
}

int requirements_read(
	struct results *r, const char *label, struct requirements *out, struct error *err)
{
	*out = (struct requirements){0};
	int code = results_query(r, "requirements", label, NULL, on_row, out, err);

	sort(out);
	return code < 0 ? code : 0;
}

void requirements_done(struct requirements *q)
{
	for (size_t i = 0; i < q->n; i++) {
		struct requirement *one = &q->items[i];
		free(one->host);
		free(one->json);
		free(one->command);
		free(one->reason);
		free(one->output);
		free(one->line);
		json_decref(one->found);
	}
	free(q->items);
	*q = (struct requirements){0};
}

const struct requirement *requirement_before(const struct requirements *q, size_t i)
{
	return i > 0 && is_of_same(&q->items[i], &q->items[i - 1]) ? &q->items[i - 1] : NULL;
}

/* ---- properties ---- */

static void add_change(struct buf *out, const char *name, const json_t *now, const json_t *before)
{
	if (now == NULL || before == NULL || !json_equal(now, before))
		buf_addf(out, "%s%s", out->len > 0 ? ", " : "", name);
}

void requirement_changes(
	const struct requirement *now, const struct requirement *before, struct buf *out)
{
	const char *name;
	json_t *value;

	if (now->found == NULL || before->found == NULL)
		return;
	json_object_foreach(now->found, name, value)
	{
		add_change(out, name, value, json_object_get(before->found, name));
	}
	json_object_foreach(before->found, name, value)
	{
		if (json_object_get(now->found, name) == NULL)
			add_change(out, name, NULL, value);
	}
}

char *requirement_value(const json_t *value)
{
	char *text =
		json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	char *copy = xstrdup(text != NULL            ? text
			     : json_is_string(value) ? json_string_value(value)
						     : "");

	free(text);
	return copy;
}
