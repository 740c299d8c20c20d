/* Configurations of all hosts, and what each host runs of them: plan_build.h says how. */
#include "coordinator/campaign/plan_build.h"

int plan_make(const struct campaign *c, const struct plan_host *hosts, size_t n, struct plan **out,
	struct error *err)
{
	struct builder b = {
		.campaign = c,
		.whole = xcalloc(1, sizeof(struct whole_plan)),
		.names = names_open(c),
	};
	int rc;

	b.plan = &b.whole->plan;
	rc = plan_make_lanes(&b, hosts, n, err);
	b.row = b.hosts_n / 8 + 1;
	if (rc == 0)
		rc = plan_gather_steps(&b, err);
	if (rc == 0)
		rc = plan_expand(&b, err);
	if (rc == 0)
		rc = plan_fill_lanes(&b, err);
	names_close(b.names);
	free(b.has_step);
	free(b.bits);
	plan_lanes_done(&b);
	if (rc < 0) {
		plan_free(b.plan);
		return rc;
	}
	*out = b.plan;
	return 0;
}

static void free_tables(struct whole_plan *w)
{
	for (size_t i = 0; i < w->tables_n; i++) {
		size_t axes_n = w->tables[i].axes_n;

		for (size_t a = 0; a < axes_n; a++) {
			free(w->tables[i].more[a]);
			value_set_done(&w->tables[i].sets[a]);
		}
		free(w->tables[i].sets);
		free(w->tables[i].more);
		free(w->tables[i].values);
		free(w->tables[i].sizes);
	}
	free(w->tables);
}

void plan_free(struct plan *p)
{
	struct whole_plan *w = (struct whole_plan *)p; /* its head is the plan */

	if (!p)
		return;
	for (size_t i = 0; i < p->lanes_n; i++) {
		free((char *)p->lanes[i].host);
		free(p->lanes[i].skipped);
		free(p->lanes[i].configurations);
		free(p->lanes[i].parts);
	}
	for (size_t i = 0; i < p->notes_n; i++)
		free(p->notes[i]);
	for (size_t i = 0; i < w->chunks_n; i++)
		free(w->chunks[i]);
	for (size_t i = 0; i < w->steps_n; i++)
		free(w->steps[i].text);
	free_tables(w);
	plan_free_reasons(w);
	free(w->chunks);
	free(w->steps);
	free(p->notes);
	free(p->configurations);
	free(p->lanes);
	free(w);
}

const struct value *configuration_value(const struct configuration *c, size_t axis)
{
	return &c->tables[axis][c->indices[axis]];
}

void configuration_parameters(const struct configuration *c, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < c->benchmark->axes_n; i++) {
		if (i)
			buf_addc(out, ',');
		text_add_json(c->benchmark->axes[i].name, out);
		buf_addc(out, ':');
		value_add_json(configuration_value(c, i), out);
	}
	buf_addc(out, '}');
}
