#include "coordinator/findings/study.h"

int study_open(struct results *r, const char *typed, const struct gather_wanted *wanted,
	struct study *out, struct error *err)
{
	struct diagnostics d = {0};

	*out = (struct study){0};
	_cleanup_free_ char *label = results_label(r, typed, err);
	int code = label == NULL ? err->code : gather(r, label, wanted, &out->g, err);
	if (code < 0)
		return code;
	out->campaign = campaign_read(out->g.yaml, strlen(out->g.yaml), out->g.changes, &d);
	diagnostics_done(&d);
	for (size_t i = 0; i < out->g.configurations_n; i++) {
		const struct benchmark *b = study_benchmark(out, i);

		out->g.configurations[i].is_canary = b != NULL && b->is_canary;
	}
	return 0;
}

void study_done(struct study *s)
{
	gathered_done(&s->g);
	campaign_free(s->campaign);
	s->campaign = NULL;
}

const struct benchmark *study_benchmark(const struct study *s, size_t configuration)
{
	const char *name = s->g.configurations[configuration].benchmark;

	for (size_t i = 0; s->campaign != NULL && i < s->campaign->benchmarks_n; i++) {
		if (strcmp(s->campaign->benchmarks[i].name, name) == 0)
			return &s->campaign->benchmarks[i];
	}
	return NULL;
}
