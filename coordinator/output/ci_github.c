/* GitHub Actions' workflow commands: a line each, which a step prints and the pull request shows.
 */
#include "coordinator/output/ci.h"
#include "coordinator/output/output.h"

/* As the runner undoes it: % and line ends in texts, and in a property : and , too. Whatever else a
 * terminal would obey becomes U+FFFD. */
static void add_escaped(struct buf *b, const char *s, bool is_property)
{
	size_t size;

	for (size_t left = strlen(s); left > 0; s += size, left -= size) {
		int32_t code = utf8_decode((const unsigned char *)s, left, &size);

		if (code == '%' || code == '\r' || code == '\n' ||
			(is_property && (code == ':' || code == ',')))
			buf_addf(b, "%%%02X", (unsigned)code);
		else if (code < 0 || (code < 0x20 && code != '\t') || code == 0x7f)
			buf_adds(b, "\xef\xbf\xbd");
		else
			buf_add(b, s, size);
	}
}

static void add_line(struct buf *b, const struct ci_report *r, const struct ci_case *c)
{
	static const char *const levels[] = {[CI_FAILED] = "error",
		[CI_BROKEN] = "error",
		[CI_WARNED] = "warning",
		[CI_SKIPPED] = "notice"};

	buf_addf(b, "::%s ", levels[c->result]);
	if (r->file[0] != '\0') {
		buf_adds(b, "file=");
		add_escaped(b, r->file, true);
		buf_addf(b, ",line=%d,", c->line > 0 ? c->line : 1);
	}
	buf_adds(b, "title=");
	add_escaped(b, c->title, true);
	buf_adds(b, "::");
	add_escaped(b, c->text[0] != '\0' ? c->text : c->title, false);
	buf_addc(b, '\n');
}

static void write_github(const struct ci_report *r, FILE *to)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < r->n; i++)
		if (r->cases[i].result != CI_PASSED)
			add_line(&b, r, &r->cases[i]);
	for (size_t i = 0; i < r->notes_n; i++) {
		buf_adds(&b, "::notice title=");
		add_escaped(&b, r->name, true);
		buf_adds(&b, "::");
		add_escaped(&b, r->notes[i], false);
		buf_addc(&b, '\n');
	}
	fwrite(b.data, 1, b.len, to);
}

const struct ci_ops ci_github = {.name = "github", .write = write_github};
