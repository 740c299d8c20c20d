#include "coordinator/commands/import_metrics.h"

#include "proto/units.h"
#include <math.h>

/* ---- exact decimals ---- */

struct decimal {
	__int128 digits;
	int64_t exponent; /* of 10 */
	bool is_negative, is_cut;
};

static void read_decimal(const char *p, struct decimal *out)
{
	const __int128 most = (__int128)1 << 120;
	bool is_fraction = false;

	*out = (struct decimal){.is_negative = *p == '-'};
	for (p += out->is_negative; *p != '\0' && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			is_fraction = true;
		} else if (out->digits < most) {
			out->digits = 10 * out->digits + (*p - '0');
			out->exponent -= is_fraction;
		} else {
			out->is_cut |= *p != '0';
			out->exponent += !is_fraction;
		}
	}
	if (*p != '\0') {
		long exponent = strtol(p + 1, NULL, 10);

		out->exponent += exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : exponent;
	}
}

bool import_scaled(const char *number, int64_t scale, int64_t *out, bool *is_exact)
{
	struct decimal d;
	__int128 rest = 0;

	read_decimal(number, &d);
	for (; scale > 1; scale /= 10)
		d.exponent++;
	*is_exact = !d.is_cut;
	for (; d.exponent > 0 && d.digits != 0; d.exponent--) {
		d.digits *= 10;
		if (d.digits > INT64_MAX)
			return false;
	}
	for (; d.exponent < 0 && d.digits != 0; d.exponent++) {
		*is_exact &= rest == 0;
		rest = d.digits % 10;
		d.digits /= 10;
	}
	*is_exact &= rest == 0;
	d.digits += rest >= 5;
	if (d.digits > INT64_MAX)
		return false;
	*out = d.is_negative ? -(int64_t)d.digits : (int64_t)d.digits;
	return true;
}

/* ---- one metric ---- */

static bool scale(
	const struct import_metric *m, int64_t divisor, struct message_metric *out, bool *is_exact)
{
	bool exact[3] = {true, true, true};
	bool fits = import_scaled(m->number, divisor, &out->value, &exact[0]);

	out->uncertainty = out->deviation = ABSENT;
	if (fits && m->uncertainty != NULL)
		fits = import_scaled(m->uncertainty, divisor, &out->uncertainty, &exact[1]);
	if (fits && m->deviation != NULL)
		fits = import_scaled(m->deviation, divisor, &out->deviation, &exact[2]);
	*is_exact = exact[0] && exact[1] && exact[2];
	return fits;
}

/* A standard metric has its unit, and is rounded to the store's. */
static int take_standard(const struct import_metric *m, const struct metric_info *info,
	struct message_metric *out, struct error *err)
{
	const struct unit *unit = unit_by_inner(info->inner);
	const char *outer = unit == NULL ? info->inner : unit->outer;
	bool is_exact;

	if (m->number == NULL)
		return error_set(err, ERR_USAGE, "%s is a number", m->name);
	if (m->unit != NULL && strcmp(m->unit, outer) != 0)
		return error_set(err, ERR_USAGE, "%s is in %s, not in %s", m->name, outer, m->unit);
	if (m->series_n > 0)
		return error_set(
			err, ERR_USAGE, "%s is measured once a run and has no series", m->name);
	*out = (struct message_metric){.name = m->name, .unit = info->inner};
	if (!scale(m, unit == NULL ? 1 : unit->divisor, out, &is_exact))
		return error_set(err, ERR_USAGE, "%s: %s is too large", m->name, m->number);
	return 0;
}

/* Names of what an agent measures beside the standard table begin like its names, or so. */
static bool is_like_standard(const char *name)
{
	static const char *const others[] = {"counter", "cstate", "cpu", "guard", "threads", "smi"};
	size_t len = strcspn(name, ".");

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strlen(others[i]) == len && strncmp(others[i], name, len) == 0)
			return true;
	for (size_t i = 0; i < standard_metrics_n && name[len] == '.'; i++)
		if (strncmp(standard_metrics[i].name, name, len) == 0 &&
			(standard_metrics[i].name[len] == '.' ||
				standard_metrics[i].name[len] == '\0'))
			return true;
	return false;
}

/* In the store bounds are whole numbers of inner units, and so is what has one. */
static bool take_part(const struct import_metric *m, struct message_metric *out)
{
	static const char *const inner[] = {"ns", "uJ", "uW", "B", "1", "u1", "uJ·s", "Hz", "m°C"};
	const char *unit = m->unit == NULL ? "1" : m->unit;
	bool is_exact, is_known = false;

	*out = (struct message_metric){.name = m->name};
	for (size_t i = 0; i < ARRAY_SIZE(inner); i++) {
		const struct unit *u = unit_by_inner(inner[i]);

		if (u == NULL || strcmp(u->outer, unit) != 0)
			continue;
		is_known = true;
		out->unit = inner[i];
		if (scale(m, u->divisor, out, &is_exact) && is_exact)
			return true;
	}
	out->unit = unit;
	return !is_known && scale(m, 1, out, &is_exact) && is_exact;
}

/* A whole number with more digits than a double has is kept as it was printed, too. */
static const char *digits_of(const struct import_metric *m)
{
	const char *p = m->number + (m->number[0] == '-');
	size_t n = strspn(p, "0123456789");

	return p[n] == '\0' && n > 15 && *p != '0' ? m->number : NULL;
}

static void take_own(const struct import_metric *m, struct store_metric *out)
{
	*out = (struct store_metric){.name = m->name,
		.unit = m->unit == NULL ? "1" : m->unit,
		.value = m->number == NULL ? NAN : strtod(m->number, NULL),
		.text = m->number == NULL ? m->text : digits_of(m),
		.series = m->series,
		.series_n = m->series_n};
}

/* ---- all of a run ---- */

static void make_room(struct import_stored *s, size_t n)
{
	if (n <= s->room)
		return;
	s->room = n + 64;
	s->standard = xreallocarray(s->standard, s->room, sizeof *s->standard);
	s->own = xreallocarray(s->own, s->room, sizeof *s->own);
	s->order = xreallocarray(s->order, s->room, sizeof *s->order);
	s->is_standard = xreallocarray(s->is_standard, s->room, 1);
}

static void insert(struct import_stored *s, size_t at, size_t metric)
{
	memmove(s->order + at + 1, s->order + at, (s->order_n - at) * sizeof *s->order);
	s->order[at] = metric;
	s->order_n++;
}

/* Put metrics in, each after the one before it in the list, where they are not there yet. */
static void merge(struct import_stored *s, const size_t *list, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t found = 0;

		if (!s->is_standard[list[i]])
			continue;
		while (found < s->order_n && s->order[found] != list[i])
			found++;
		if (found == s->order_n)
			insert(s, found = at, list[i]);
		at = found + 1;
	}
}

static void put_in_order(
	struct import_stored *s, const struct import_run *run, const struct message_metric *taken)
{
	s->order_n = 0;
	for (size_t i = 0; i < run->metrics_n; i++)
		if (s->is_standard[i] && metric_by_name(run->metrics[i].name) == NULL)
			s->order[s->order_n++] = i;
	merge(s, run->bounded, run->bounded_n);
	merge(s, run->deviated, run->deviated_n);
	for (size_t i = 0; i < run->metrics_n; i++)
		if (s->is_standard[i] && metric_by_name(run->metrics[i].name) != NULL &&
			run->metrics[i].uncertainty == NULL && run->metrics[i].deviation == NULL)
			s->order[s->order_n++] = i;
	s->standard_n = s->order_n;
	for (size_t i = 0; i < s->order_n; i++)
		s->standard[i] = taken[s->order[i]];
}

int import_metrics(struct import_stored *s, const struct import_run *run, struct error *err)
{
	_cleanup_free_ struct message_metric *taken = xcalloc(run->metrics_n + 1, sizeof *taken);
	int rc = 0;

	make_room(s, run->metrics_n + 1);
	s->own_n = 0;
	for (size_t i = 0; i < run->metrics_n && rc == 0; i++) {
		const struct import_metric *m = &run->metrics[i];
		const struct metric_info *info = metric_by_name(m->name);
		bool has_bound = m->uncertainty != NULL || m->deviation != NULL;

		s->is_standard[i] = 1;
		if (info != NULL) {
			rc = take_standard(m, info, &taken[i], err);
		} else if (m->number == NULL || m->series_n > 0 ||
			   !(has_bound || (s->own_n == 0 && is_like_standard(m->name))) ||
			   !take_part(m, &taken[i])) {
			s->is_standard[i] = 0;
			take_own(m, &s->own[s->own_n++]);
			if (has_bound)
				s->dropped = m->name;
		}
	}
	if (rc == 0)
		put_in_order(s, run, taken);
	return rc;
}

void import_stored_done(struct import_stored *s)
{
	free(s->standard);
	free(s->own);
	free(s->order);
	free(s->is_standard);
}
