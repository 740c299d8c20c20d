#include "agent/meters.h"

#include <errno.h>
#include <stdio.h>

#define SETS 4 /* auto, and each source by name */

struct meters {
	const struct machine *machine;
	const struct topology *topology;
	struct meter_set sets[SETS];
	size_t n;
};

static void close_set(struct meter_set *s)
{
	sampler_close(s->sampler);
	energy_window_free(s->window);
	energy_window_free(s->idle);
	energy_close(s->meter);
	*s = (struct meter_set){0};
}

static bool measures(const struct meter_set *s)
{
	return energy_source_name(s->meter) != NULL;
}

static bool fill_set(struct meters *ms, struct meter_set *s, const char *wish, struct error *err)
{
	struct error why = {0};

	/* No meter is no failure: runs that require energy will say why there is none. */
	int code = energy_open(&s->meter, ms->machine, ms->topology, wish, &why);
	if (code == -EINVAL)
		*err = why;
	if (code == -EINVAL ||
		sampler_open(&s->sampler, ms->machine, ms->topology, s->meter, err) < 0) {
		close_set(s);
		return false;
	}
	snprintf(s->wish, sizeof s->wish, "%s", wish);
	if (measures(s)) {
		s->window = energy_window_new(s->meter);
		s->idle = energy_window_new(s->meter);
	}
	return true;
}

static struct meter_set *open_set(struct meters *ms, const char *wish, struct error *err)
{
	struct meter_set *s = &ms->sets[ms->n];

	if (ms->n == SETS || strlen(wish) >= sizeof s->wish) {
		error_set(err, -EINVAL, "energy: no source is called '%s'", wish);
		return NULL;
	}
	if (!fill_set(ms, s, wish, err))
		return NULL;
	ms->n++;
	return s;
}

bool meters_look_again(struct meters *ms)
{
	bool has_new = false;

	for (size_t i = 0; i < ms->n; i++) {
		struct meter_set again = {0};
		struct error err = {0};

		if (measures(&ms->sets[i]))
			continue;
		if (!fill_set(ms, &again, ms->sets[i].wish, &err))
			continue;
		has_new |= measures(&again);
		/* Also where there is none: the reason may be another. */
		close_set(&ms->sets[i]);
		ms->sets[i] = again;
	}
	return has_new;
}

int meters_open(
	struct meters **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct meters *ms = xcalloc(1, sizeof *ms);

	ms->machine = m;
	ms->topology = t;
	if (open_set(ms, "auto", err) == NULL) {
		meters_close(ms);
		return err->code < 0 ? err->code : -EIO;
	}
	*out = ms;
	return 0;
}

struct meter_set *meters_get(struct meters *ms, const char *wish, struct error *err)
{
	if (wish == NULL)
		wish = "auto";
	for (size_t i = 0; i < ms->n; i++)
		if (strcmp(ms->sets[i].wish, wish) == 0)
			return &ms->sets[i];
	return open_set(ms, wish, err);
}

void meters_close(struct meters *ms)
{
	if (ms == NULL)
		return;
	for (size_t i = 0; i < ms->n; i++)
		close_set(&ms->sets[i]);
	free(ms);
}
