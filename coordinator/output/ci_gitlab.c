/*
 * GitLab's code quality report: a JSON array of findings. It compares the report of a merge request
 * with that of its target by the fingerprints, so these tell what was found and where, not how
 * much.
 */
#include "coordinator/output/ci.h"
#include "coordinator/output/output.h"
#include <sodium.h>

#define FINGERPRINT_BYTES 16

static void add_fingerprint(struct buf *b, const struct ci_case *c)
{
	static const char *const results[] = {[CI_FAILED] = "failed",
		[CI_BROKEN] = "broken",
		[CI_WARNED] = "warned",
		[CI_SKIPPED] = "skipped"};
	const char *const parts[] = {results[c->result], c->suite, c->group, c->name};
	unsigned char hash[FINGERPRINT_BYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		crypto_generichash_update(
			&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
	crypto_generichash_final(&state, hash, sizeof hash);
	for (size_t i = 0; i < sizeof hash; i++)
		buf_addf(b, "%02x", hash[i]);
}

static void add_string(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, "\"%s\": ", key);
	json_add_string(b, text, strlen(text));
	buf_adds(b, ", ");
}

static void add_finding(struct buf *b, const struct ci_report *r, const struct ci_case *c)
{
	static const char *const severities[] = {[CI_FAILED] = "major",
		[CI_BROKEN] = "critical",
		[CI_WARNED] = "minor",
		[CI_SKIPPED] = "info"};
	_cleanup_free_ char *text =
		xasprintf("%s%s%s", c->title, c->text[0] != '\0' ? ": " : "", c->text);

	buf_adds(b, "{");
	add_string(b, "description", text);
	add_string(b, "check_name", c->suite);
	buf_adds(b, "\"fingerprint\": \"");
	add_fingerprint(b, c);
	buf_addf(b, "\", \"severity\": \"%s\", \"location\": {", severities[c->result]);
	add_string(b, "path", r->file[0] != '\0' ? r->file : r->name);
	buf_addf(b, "\"lines\": {\"begin\": %d}}}", c->line > 0 ? c->line : 1);
}

static void write_gitlab(const struct ci_report *r, FILE *to)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->cases[i].result == CI_PASSED)
			continue;
		buf_adds(&b, n++ == 0 ? "[\n" : ",\n");
		add_finding(&b, r, &r->cases[i]);
	}
	buf_adds(&b, n == 0 ? "[]\n" : "\n]\n");
	fwrite(b.data, 1, b.len, to);
}

const struct ci_ops ci_gitlab = {.name = "gitlab", .write = write_gitlab};
