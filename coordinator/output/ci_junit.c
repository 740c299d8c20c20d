/*
 * JUnit's XML as Ant writes it and Jenkins, GitLab and others read it. Attributes and elements are
 * those that the strict schemas ask for (package, id, timestamp, hostname, properties, system-out,
 * system-err) too.
 */
#include "coordinator/output/ci.h"
#include "coordinator/output/output.h"
#include <time.h>

/* What XML 1.0 allows (section 2.2, Char). */
static bool is_xml(int32_t code)
{
	return code == '\t' || code == '\n' || code == '\r' ||
	       (code >= 0x20 && code != 0xfffe && code != 0xffff);
}

static void add_escaped(struct buf *b, const char *s)
{
	size_t size;

	for (size_t left = strlen(s); left > 0; s += size, left -= size) {
		int32_t code = utf8_decode((const unsigned char *)s, left, &size);

		if (!is_xml(code))
			buf_adds(b, "\xef\xbf\xbd");
		else if (code == '<' || code == '>' || code == '&' || code == '"' || code < 0x20)
			buf_addf(b, "&#%d;", (int)code);
		else
			buf_add(b, s, size);
	}
}

static void add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, " %s=\"", name);
	add_escaped(b, value);
	buf_addc(b, '"');
}

static void add_case(struct buf *b, const struct ci_case *c)
{
	static const char *const elements[] = {[CI_PASSED] = NULL,
		[CI_FAILED] = "failure",
		[CI_BROKEN] = "error",
		[CI_WARNED] = "skipped",
		[CI_SKIPPED] = "skipped"};
	const char *element = elements[c->result];

	buf_adds(b, "    <testcase");
	add_attribute(b, "classname", c->group);
	add_attribute(b, "name", c->name);
	buf_adds(b, " time=\"0\"");
	if (element == NULL) {
		buf_adds(b, "/>\n");
		return;
	}
	buf_addf(b, ">\n      <%s", element);
	add_attribute(b, "message", c->title);
	if (c->result == CI_FAILED || c->result == CI_BROKEN)
		add_attribute(b, "type", c->result == CI_FAILED ? "regressed" : "failed");
	buf_addc(b, '>');
	add_escaped(b, c->text);
	buf_addf(b, "</%s>\n    </testcase>\n", element);
}

struct counts {
	size_t tests, failures, errors, skipped;
};

static struct counts count(const struct ci_case *cases, size_t n)
{
	struct counts out = {.tests = n};

	for (size_t i = 0; i < n; i++) {
		out.failures += cases[i].result == CI_FAILED;
		out.errors += cases[i].result == CI_BROKEN;
		out.skipped += cases[i].result == CI_WARNED || cases[i].result == CI_SKIPPED;
	}
	return out;
}

static void add_suite(
	struct buf *b, const struct ci_report *r, size_t id, const struct ci_case *cases, size_t n)
{
	struct counts counts = count(cases, n);
	time_t seconds = (time_t)(r->at / 1000000000);
	char at[32] = "1970-01-01T00:00:00";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_adds(b, "  <testsuite");
	add_attribute(b, "name", cases[0].suite);
	add_attribute(b, "package", r->name);
	buf_addf(b, " id=\"%zu\" timestamp=\"%s\"", id, at);
	add_attribute(b, "hostname", r->host);
	buf_addf(b,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\">\n"
		"    <properties/>\n",
		counts.tests, counts.failures, counts.errors, counts.skipped);
	for (size_t i = 0; i < n; i++)
		add_case(b, &cases[i]);
	buf_adds(b, "    <system-out>");
	for (size_t i = 0; i < r->notes_n; i++) {
		add_escaped(b, r->notes[i]);
		buf_addc(b, '\n');
	}
	buf_adds(b, "</system-out>\n    <system-err/>\n  </testsuite>\n");
}

static void write_junit(const struct ci_report *r, FILE *to)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct counts counts = count(r->cases, r->n);

	buf_adds(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	add_attribute(&b, "name", r->name);
	buf_addf(&b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n", counts.tests,
		counts.failures, counts.errors);
	for (size_t i = 0, end, id = 0; i < r->n; i = end, id++) {
		for (end = i + 1;
			end < r->n && strcmp(r->cases[end].suite, r->cases[i].suite) == 0;)
			end++;
		add_suite(&b, r, id, &r->cases[i], end - i);
	}
	buf_adds(&b, "</testsuites>\n");
	fwrite(b.data, 1, b.len, to);
}

const struct ci_ops ci_junit = {.name = "junit", .write = write_junit};
