#include "coordinator/dispatch/preparation.h"

/* An error text has room for a few diagnostics only; all of them were shown where the file was
 * checked before. */
static int campaign_error(const struct diagnostics *d, const char *file, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	diagnostics_format(d, file, &text);
	while (text.len > 0 && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	return error_set(err, ERR_CAMPAIGN, "%s", text.data);
}

void preparation_read(void *arg, int stop_fd)
{
	struct preparation *p = arg;
	struct diagnostics d = {0};

	(void)stop_fd;
	p->campaign = campaign_read(p->yaml, strlen(p->yaml), p->changes, &d);
	if (p->campaign == NULL) {
		campaign_error(&d, p->file, &p->err);
	} else {
		if (!p->needs_no_hint)
			campaign_note_beyond(p->campaign, &p->beyond);
		campaign_files(p->campaign, &p->shipped, &p->shipped_n, &p->arena);
	}
	diagnostics_done(&d);
}

void preparation_plan(void *arg, int stop_fd)
{
	struct preparation *p = arg;

	(void)stop_fd;
	(void)plan_make(p->campaign, p->planned, p->planned_n, &p->plan, &p->err);
}

bool preparation_has_sources(const struct preparation *p)
{
	for (size_t i = 0; i < p->shipped_n; i++)
		if (p->shipped[i].git != NULL)
			return true;
	return false;
}

void preparation_describe_sources(const struct preparation *p, struct buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < p->shipped_n; i++) {
		if (p->shipped[i].git == NULL)
			continue;
		buf_addf(out, "%s%s (%s)", is_first ? "" : ", ", p->shipped[i].git,
			p->shipped[i].ref);
		is_first = false;
	}
}

void planned_free(struct plan_host *hosts, size_t n)
{
	for (size_t i = 0; hosts != NULL && i < n; i++) {
		free((void *)hosts[i].name);
		free((void *)hosts[i].inventory);
	}
	free(hosts);
}

void preparation_done(struct preparation *p)
{
	plan_free(p->plan);
	campaign_free(p->campaign);
	planned_free(p->planned, p->planned_n);
	if (p->arena != NULL)
		render_done(p->arena);
	buf_done(&p->beyond);
	buf_done(&p->sources);
	free(p->changes);
	free(p->follow.git);
	free(p->follow.ref);
	free(p->follow.file);
	free(p->follow.name);
	free(p->follow.yaml);
}
