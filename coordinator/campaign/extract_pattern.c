/* Values that a regular expression finds in a program's output. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "coordinator/campaign/extract.h"
#include "proto/pattern.h"

#include <errno.h>
#include <pcre2.h>

/* The last match counts, so all are looked at; a pattern that matches more often is a mistake. */
#define MAX_MATCHES 1000000

void *extract_compile(const char *pattern, struct error *err)
{
	return pattern_compile(pattern, true, err);
}

/* What one search needs. */
struct search {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
	const PCRE2_SIZE *at; /* of the match, then of the first group */
	size_t start, end, found;
	int rc; /* of the last search */
};

static void search_open(struct search *q, pcre2_code *code, size_t start, size_t end)
{
	*q = (struct search){.code = code,
		.start = start,
		.end = end,
		.context = pcre2_match_context_create(NULL),
		.data = pcre2_match_data_create(2, NULL)};
	q->at = pcre2_get_ovector_pointer(q->data);
	pcre2_set_match_limit(q->context, PATTERN_MATCH_LIMIT);
}

static void search_close(struct search *q)
{
	pcre2_match_data_free(q->data);
	pcre2_match_context_free(q->context);
	pcre2_code_free(q->code);
}

/* Whether there is another match; with has_group only those count whose first group took part. */
static bool search_next(struct search *q, const struct extract_source *s, bool has_group)
{
	while (q->found < MAX_MATCHES && q->start <= q->end) {
		q->rc = pcre2_match(
			q->code, (PCRE2_SPTR)s->text, q->end, q->start, 0, q->data, q->context);
		if (q->rc < 0)
			return false;
		/* \K can put the start behind the end; always move on. */
		q->start = q->at[1] > q->start ? q->at[1] : q->start + 1;
		if (has_group && (q->rc == 1 || q->at[2] == PCRE2_UNSET))
			continue;
		q->found++;
		return true;
	}
	return false;
}

static int bad_value(const struct benchmark_metric *m, const struct printed *p,
	const struct extract_source *s, int code, struct error *err)
{
	_cleanup_buf_ struct buf shown = BUF_INIT;

	if (code == -E2BIG)
		return error_set(err, -ENODATA,
			"metric '%s': its pattern matches %s more than %d times; 'take' one of "
			"them",
			m->name, s->name, EXTRACT_MAX_SERIES);
	printed_show(p->text, p->len, &shown);
	return error_set(err, -ENODATA, "metric '%s': '%s' in %s is no number", m->name, shown.data,
		s->name);
}

static int take_matches(const struct benchmark_metric *m, struct search *q,
	const struct extract_source *s, struct taking *t, struct error *err)
{
	while (!taking_has_enough(t) && search_next(q, s, true)) {
		struct printed p = {.text = s->text + q->at[2], .len = q->at[3] - q->at[2]};
		int code = taking_add(t, &p);

		if (code < 0)
			return bad_value(m, &p, s, code, err);
	}
	return 0;
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/*
 * Where to look: of a source with a gap the first match must stand before it, and the last one
 * after it. Returns 0, or -ENODATA where the others can not be told from what is there.
 */
static int bounds(const struct benchmark_metric *m, const struct extract_source *s, size_t *start,
	size_t *end, struct error *err)
{
	*start = 0;
	*end = s->len;
	if (!s->has_gap || m->expect == EXPECT_MATCH)
		return 0;
	if (m->take == TAKE_FIRST)
		*end = s->gap;
	else if (m->take == TAKE_LAST)
		*start = s->gap;
	else
		return extract_fail_gap(m, s, err);
	return 0;
}

static int check_end(const struct benchmark_metric *m, const struct search *q, const char *pattern,
	const struct extract_source *s, struct error *err)
{
	if (q->rc < 0 && q->rc != PCRE2_ERROR_NOMATCH)
		return error_set(err, -ENODATA,
			"metric '%s': its pattern takes too long on %s; make it simpler", m->name,
			s->name);
	if (q->found == MAX_MATCHES)
		return error_set(err, -ENODATA,
			"metric '%s': its pattern matches %s more than %d times", m->name, s->name,
			MAX_MATCHES);
	if (q->found == 0 && s->has_gap)
		return extract_fail_gap(m, s, err);
	if (q->found == 0)
		return error_set(err, -ENODATA, "metric '%s': nothing in %s matches '%s'", m->name,
			       s->name, pattern),
		       0;
	return 1;
}

int extract_pattern(const struct benchmark_metric *m, const char *pattern,
	const struct extract_source *s, struct taking *t, struct error *err)
{
	/* With UTF each match would look at the whole rest of the stream first. */
	bool is_ascii = is_plain(pattern, strlen(pattern)) && is_plain(s->text, s->len);
	pcre2_code *code = pattern_compile(pattern, !is_ascii, err);
	struct search q;
	size_t start, end;
	int rc = bounds(m, s, &start, &end, err);

	if (!code)
		return error_wrap(err, "metric '%s'", m->name), -ENODATA;
	search_open(&q, code, start, end);
	if (rc == 0 && m->expect == EXPECT_MATCH)
		search_next(&q, s, false);
	else if (rc == 0)
		rc = take_matches(m, &q, s, t, err);
	if (rc == 0)
		rc = check_end(m, &q, pattern, s, err);
	search_close(&q);
	return rc;
}
