/* Which earlier submissions a text of --baseline means. */
#include "coordinator/findings/history.h"

struct submission {
	char *label, *name, *state;
	int64_t number;
	bool is_empty; /* no run of it is done */
	bool is_aside; /* some of another one again, or two contents against each other */
};

struct submissions {
	struct submission *items;
	size_t n;
};

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct submissions *all = arg;

	(void)key;
	(void)n;
	all->items = xreallocarray(all->items, all->n + 1, sizeof *all->items);
	all->items[all->n++] = (struct submission){
		.label = xstrdup(cell_text(&c[CAMPAIGNS_LABEL])),
		.name = xstrdup(cell_text(&c[CAMPAIGNS_NAME])),
		.state = xstrdup(cell_text(&c[CAMPAIGNS_STATE])),
		.number = c[CAMPAIGNS_NUMBER].integer,
		.is_empty = c[CAMPAIGNS_DONE].integer <=
			    c[CAMPAIGNS_FAILED].integer + c[CAMPAIGNS_SKIPPED].integer,
		.is_aside = changes_stand_aside(c[CAMPAIGNS_CHANGES].text),
	};
	return 0;
}

static void submissions_done(struct submissions *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].label);
		free(all->items[i].name);
		free(all->items[i].state);
	}
	free(all->items);
}

static const struct submission *find_label(const struct submissions *all, const char *label)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->items[i].label, label) == 0)
			return &all->items[i];
	return NULL;
}

static void add_note(struct history *h, char *text)
{
	h->notes = xreallocarray(h->notes, h->notes_n + 1, sizeof *h->notes);
	h->notes[h->notes_n++] = text;
}

static void add_label(struct history *h, const char *label)
{
	h->labels = xreallocarray(h->labels, h->labels_n + 1, sizeof *h->labels);
	h->labels[h->labels_n++] = xstrdup(label);
}

/* The newest submission of that name with a number below; NULL where there is none. */
static const struct submission *before(
	const struct submissions *all, const char *name, int64_t number)
{
	const struct submission *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct submission *s = &all->items[i];

		if (strcmp(s->name, name) == 0 && s->number < number &&
			(found == NULL || s->number > found->number))
			found = s;
	}
	return found;
}

/* With too few there is no baseline. */
static void note_few(struct history *h, const struct submission *of)
{
	const char *is = h->labels_n == 1 ? "is" : "are", *s = h->labels_n == 1 ? "" : "s";

	if (h->labels_n == 0) {
		add_note(h, xasprintf("nothing was compared: there is no submission of %s before "
				      "%s that is done",
				    of->name, of->label));
	} else if (h->labels_n < PREDICTION_LEAST) {
		add_note(h, xasprintf("nothing was compared: there %s only %zu submission%s of %s "
				      "before %s, and how much they vary is known from %d on; "
				      "until then --baseline previous compares with one",
				    is, h->labels_n, s, of->name, of->label, PREDICTION_LEAST));
		while (h->labels_n > 0)
			free(h->labels[--h->labels_n]);
	} else {
		add_note(h, xasprintf("%s: there are only %zu submissions of %s before %s", h->text,
				    h->labels_n, of->name, of->label));
	}
}

/* Up to `wanted` good submissions before this one. */
static void take_earlier(struct history *h, const struct submissions *all,
	const struct submission *of, size_t wanted)
{
	const struct submission *s = of;

	while (h->labels_n < wanted && (s = before(all, of->name, s->number)) != NULL) {
		if (strcmp(s->state, "done") != 0)
			add_note(h, xasprintf("%s is passed over: it is not done but %s", s->label,
					    s->state));
		else if (s->is_aside)
			add_note(h, xasprintf("%s is passed over: it is a rerun of some "
					      "configurations, or of two contents",
					    s->label));
		else if (s->is_empty)
			add_note(h,
				xasprintf("%s is passed over: none of its runs is done", s->label));
		else
			add_label(h, s->label);
	}
	if (h->labels_n < wanted)
		note_few(h, of);
}

static int find_last(struct history *h, const struct submissions *all, const struct submission *of,
	struct error *err)
{
	const char *number = h->text + strlen("last-");
	int64_t wanted = 0;

	h->kind = HISTORY_LAST;
	if (units_parse_int(number, 1, 1000000, &wanted, NULL) < 0)
		return error_set(err, ERR_USAGE,
			"compare: --baseline %s: expected a number of submissions, as in last-7",
			h->text);
	if (wanted < PREDICTION_LEAST)
		return error_set(err, ERR_USAGE,
			"compare: --baseline %s: how much submissions vary is known from %d on; "
			"'previous' compares with one",
			h->text, PREDICTION_LEAST);
	take_earlier(h, all, of, (size_t)wanted);
	if (h->labels_n > 0)
		h->title = xasprintf(
			"%s (%s to %s)", h->text, h->labels[h->labels_n - 1], h->labels[0]);
	return 0;
}

/* NAME.N of a NAME that the store knows, or no label at all. */
static int find_named(struct history *h, struct results *r, const struct submissions *all,
	const struct submission *of, struct error *err)
{
	const struct submission *found = find_label(all, h->text);
	const char *dot = strrchr(h->text, '.');

	if (found == of)
		return error_set(
			err, ERR_USAGE, "compare: --baseline %s is the submission itself", h->text);
	if (found != NULL) {
		h->kind = HISTORY_ONE;
		add_label(h, found->label);
		if (strcmp(found->state, "done") != 0)
			add_note(h, xasprintf("%s is not done but %s: what is compared is what it "
					      "has so far",
					    found->label, found->state));
		return 0;
	}
	if (dot == NULL || dot[1] == '\0' || dot[1 + strspn(dot + 1, "0123456789")] != '\0')
		return 0;
	for (size_t i = 0; i < all->n; i++) {
		size_t len = (size_t)(dot - h->text);

		if (strlen(all->items[i].name) != len ||
			strncmp(all->items[i].name, h->text, len) != 0)
			continue;
		free(results_label(r, h->text, err)); /* for what it says, with the nearest */
		return err->code;
	}
	return 0;
}

static int find(struct history *h, struct results *r, const struct submissions *all,
	const char *label, struct error *err)
{
	const struct submission *of = find_label(all, label);

	if (of == NULL)
		return error_set(err, ERR_USAGE, "compare: there is no campaign '%s'", label);
	if (strcmp(h->text, "previous") == 0) {
		h->kind = HISTORY_ONE;
		take_earlier(h, all, of, 1);
		return 0;
	}
	if (strncmp(h->text, "last-", strlen("last-")) == 0)
		return find_last(h, all, of, err);
	return find_named(h, r, all, of, err);
}

int history_find(struct results *r, const char *label, const char *text, struct history *out,
	struct error *err)
{
	struct submissions all = {0};

	*out = (struct history){.text = xstrdup(text)};
	int code = results_query(r, "campaigns", NULL, NULL, on_campaign, &all, err);
	if (code == 0)
		code = find(out, r, &all, label, err);
	submissions_done(&all);
	return code;
}

void history_done(struct history *h)
{
	for (size_t i = 0; i < h->labels_n; i++)
		free(h->labels[i]);
	for (size_t i = 0; i < h->notes_n; i++)
		free(h->notes[i]);
	for (size_t i = 0; i < h->nights_n; i++) {
		free(h->nights[i].levels);
		free(h->nights[i].is_other);
	}
	free(h->labels);
	free(h->notes);
	free(h->nights);
	free(h->text);
	free(h->title);
	*h = (struct history){0};
}
