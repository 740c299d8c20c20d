#include "coordinator/dispatch/streams.h"

static const char file_prefix[] = "file:";

static bool is_file(const char *name)
{
	return strncmp(name, file_prefix, strlen(file_prefix)) == 0;
}

bool streams_is_name(const char *name)
{
	return strcmp(name, "stdout") == 0 || strcmp(name, "stderr") == 0 ||
	       (is_file(name) && name[strlen(file_prefix)] != '\0' &&
		       strlen(name) <= STREAMS_MAX_NAME);
}

void streams_done(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].name);
		buf_done(&s->items[i].text);
	}
	free(s->items);
	*s = (struct streams){0};
}

void streams_begin(struct streams *s, int64_t attempt)
{
	if (s->attempt == attempt)
		return;
	streams_done(s);
	s->attempt = attempt;
}

static struct kept_stream *find(const struct streams *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i].name, name) == 0)
			return &s->items[i];
	return NULL;
}

/* The stream of this name, made where it is new; NULL where there are too many files. */
static struct kept_stream *get(struct streams *s, const char *name)
{
	struct kept_stream *k = find(s, name);

	if (k != NULL || (is_file(name) && s->files_n == STREAMS_MAX_FILES))
		return k;
	s->files_n += is_file(name);
	s->items = xreallocarray(s->items, s->n + 1, sizeof *s->items);
	k = &s->items[s->n++];
	*k = (struct kept_stream){.name = xstrdup(name), .text = BUF_INIT};
	return k;
}

void streams_add(struct streams *s, const char *name, int64_t offset, const struct blob *data)
{
	struct kept_stream *k = get(s, name);

	if (k == NULL || offset < (int64_t)k->text.len)
		return;
	if (offset > (int64_t)k->text.len || data->len > STREAMS_MAX_BYTES - s->bytes) {
		k->is_cut = true;
		return;
	}
	if (data->len > 0)
		buf_add(&k->text, data->data, data->len);
	s->bytes += data->len;
}

const struct buf *streams_text(const struct streams *s, const char *name)
{
	static const struct buf none = BUF_INIT;
	const struct kept_stream *k = find(s, name);

	return k == NULL ? &none : &k->text;
}

char *streams_shown_name(const char *name)
{
	const char *mark = strstr(name, MARK_TMP);

	return mark ? xasprintf("%.*s{tmp}%s", (int)(mark - name), name, mark + strlen(MARK_TMP))
		    : xstrdup(name);
}

void streams_fill(const struct streams *s, struct run_output *out)
{
	const struct kept_stream *one = find(s, "stdout"), *two = find(s, "stderr");
	struct run_file *files = xcalloc(s->n + 1, sizeof *files);

	if (one != NULL) {
		out->stdout_text = one->text.data;
		out->stdout_len = one->text.len;
		out->stdout_has_gap = one->is_cut;
		out->stdout_gap = one->text.len;
	}
	if (two != NULL) {
		out->stderr_text = two->text.data;
		out->stderr_len = two->text.len;
		out->stderr_has_gap = two->is_cut;
		out->stderr_gap = two->text.len;
	}
	out->files = files;
	out->files_n = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct kept_stream *k = &s->items[i];
		if (is_file(k->name))
			files[out->files_n++] = (struct run_file){
				.name = k->name + strlen(file_prefix),
				.text = k->text.data,
				.len = k->text.len,
				.has_gap = k->is_cut,
			};
	}
}
