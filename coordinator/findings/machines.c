#include "coordinator/findings/machines.h"

#include "proto/units.h"
#include <math.h>

/* ---- what else differs ---- */

/* What a result may depend on. What only follows from it (codename from model, fingerprint from
 * all) is left out where it says nothing new. How to add one: a path of the inventory. */
static const char *const paths[] = {"cpu.model", "cpu.codename", "cpu.stepping", "cpu.microcode",
	"cpu.packages", "cores", "threads", "numa", "memory", "firmware.version", "kernel",
	"hypervisor", "governor", "turbo", "frequency.base", "power_limits", "energy.source",
	"energy.filtered"};

static const json_t *find(const json_t *inventory, const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);
	char *rest = copy, *part;

	while ((part = strsep(&rest, ".")) != NULL)
		inventory = json_object_get(inventory, part);
	return inventory;
}

/* MemTotal moves by some MiB with every kernel: that is no difference. */
static char *text_of_integer(const char *path, json_int_t value)
{
	if (strcmp(path, "memory") == 0)
		return xasprintf("%.1f GiB", (double)value / (1 << 30));
	if (strncmp(path, "frequency.", strlen("frequency.")) == 0)
		return xasprintf("%.4g GHz", (double)value / 1e9);
	return xasprintf("%lld", (long long)value);
}

static void add_limit(const json_t *limit, struct buf *out)
{
	const char *zone = json_string_value(json_object_get(limit, "zone"));
	const char *name = json_string_value(json_object_get(limit, "name"));
	const json_t *uw = json_object_get(limit, "limit_uw");

	buf_addf(out, "%s%s %s ", out->len > 0 ? ", " : "", zone ? zone : "?", name ? name : "?");
	if (json_is_integer(uw))
		buf_addf(out, "%.6g W", (double)json_integer_value(uw) / 1e6);
	else
		buf_adds(out, "unknown");
}

static char *text_of_limits(const json_t *limits)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	json_t *limit;
	size_t i;

	json_array_foreach(limits, i, limit)
	{
		add_limit(limit, &out);
	}
	return out.len == 0 ? xstrdup("none") : buf_take(&out);
}

static char *text_of(const json_t *inventory, const char *path)
{
	const json_t *value = find(inventory, path);

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_integer(value))
		return text_of_integer(path, json_integer_value(value));
	if (json_is_real(value))
		return xasprintf("%.6g", json_real_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "on" : "off");
	if (json_is_array(value))
		return text_of_limits(value);
	return xstrdup("unknown");
}

void machine_differences_of(
	const json_t *contender, const json_t *baseline, struct machine_differences *out)
{
	*out = (struct machine_differences){0};
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct machine_difference d = {.what = paths[i],
			.contender = text_of(contender, paths[i]),
			.baseline = text_of(baseline, paths[i])};

		if (strcmp(d.contender, d.baseline) == 0) {
			free(d.contender);
			free(d.baseline);
			continue;
		}
		out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
		out->items[out->n++] = d;
	}
}

void machine_differences_done(struct machine_differences *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].contender);
		free(d->items[i].baseline);
	}
	free(d->items);
	*d = (struct machine_differences){0};
}

bool machine_has_changed(const json_t *contender, const json_t *baseline)
{
	const char *a = json_string_value(json_object_get(contender, "fingerprint"));
	const char *b = json_string_value(json_object_get(baseline, "fingerprint"));

	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

/* ---- energies that are not of a kind ---- */

struct pair {
	const char *host, *other;
	const json_t *contender, *baseline;
	const char *domain; /* "package" */
	bool is_same_host;
};

/* "package" of energy.package.net, power.package, edp.package; NULL: it is no energy. A part such
 * as energy.package-0 is of its domain, too. */
static char *domain_of(const char *metric)
{
	static const char *const prefixes[] = {"energy.", "power.", "edp."};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t skip = strlen(prefixes[i]);

		if (strncmp(metric, prefixes[i], skip) == 0)
			return xstrndup(metric + skip, strcspn(metric + skip, ".-"));
	}
	return NULL;
}

/* How many counters of the domain an inventory has that work; -1: it knows of no counters at all.
 */
static int count_zones(const json_t *inventory, const char *domain)
{
	const json_t *zones = json_object_get(json_object_get(inventory, "energy"), "zones"), *zone;
	int count = 0;
	size_t i;

	if (json_array_size(zones) == 0)
		return -1;
	json_array_foreach(zones, i, zone)
	{
		const char *of = json_string_value(json_object_get(zone, "domain"));
		const char *state = json_string_value(json_object_get(zone, "state"));

		count += of != NULL && state != NULL && strcmp(of, domain) == 0 &&
			 strcmp(state, "ok") == 0;
	}
	return count;
}

static const char *text_at(const json_t *inventory, const char *path)
{
	const char *text = json_string_value(find(inventory, path));

	return text == NULL ? "" : text;
}

static bool differs(const struct pair *p, const char *path)
{
	return strcmp(text_at(p->contender, path), text_at(p->baseline, path)) != 0;
}

/* Both are known and differ. */
static bool differs_surely(const struct pair *p, const char *path)
{
	return text_at(p->contender, path)[0] != '\0' && text_at(p->baseline, path)[0] != '\0' &&
	       differs(p, path);
}

static char *say(
	const struct pair *p, const char *of_contender, const char *of_baseline, const char *why)
{
	if (p->is_same_host)
		return xasprintf("on %s it was %s and is %s now: %s", p->host, of_baseline,
			of_contender, why);
	return xasprintf(
		"on %s it is %s, on %s %s: %s", p->host, of_contender, p->other, of_baseline, why);
}

/* Inside a virtual machine a counter is what its hypervisor makes up. */
static char *unlike_guest(const struct pair *p)
{
	const char *a = text_at(p->contender, "hypervisor"),
		   *b = text_at(p->baseline, "hypervisor");

	if ((a[0] == '\0') == (b[0] == '\0'))
		return NULL;
	return say(p, a[0] ? "a hypervisor's estimate" : "measured",
		b[0] ? "a hypervisor's estimate" : "measured",
		"a guest's share of a machine is no machine's energy");
}

/* The same machine has as many counters of a domain each time, or its sum is of another thing. */
static char *unlike_zones(const struct pair *p)
{
	int a = count_zones(p->contender, p->domain), b = count_zones(p->baseline, p->domain);

	if (!p->is_same_host || a <= 0 || b <= 0 || a == b)
		return NULL;
	_cleanup_free_ char *now = xasprintf("the sum of %d counter%s", a, a == 1 ? "" : "s");
	_cleanup_free_ char *was = xasprintf("the sum of %d counter%s", b, b == 1 ? "" : "s");
	return say(p, now, was, "sums of unlike parts");
}

/* powercap, perf and msr read the same counters; but powercap and perf take the unit of dram for
 * 15.3 and 15.2588 uJ on servers of several generations. */
static char *unlike_source(const struct pair *p)
{
	if (strcmp(p->domain, "dram") != 0 || !differs_surely(p, "energy.source"))
		return NULL;
	return say(p, text_at(p->contender, "energy.source"), text_at(p->baseline, "energy.source"),
		"interfaces that take the unit of dram's counter for different ones");
}

/* What the platform's counter holds is up to the board; what core and uncore hold, to the vendor.
 */
static char *unlike_meaning(const struct pair *p)
{
	bool is_psys = strcmp(p->domain, "psys") == 0;
	bool is_part = strcmp(p->domain, "core") == 0 || strcmp(p->domain, "uncore") == 0;
	const char *path = is_psys ? "cpu.model" : "cpu.vendor";

	if ((!is_psys && !is_part) || !differs_surely(p, path))
		return NULL;
	return say(p, text_at(p->contender, path), text_at(p->baseline, path),
		is_psys ? "what psys holds is up to the board"
			: "the vendors count different parts by that name");
}

char *machine_unlike(const char *metric, const char *host, const json_t *contender,
	const char *other, const json_t *baseline)
{
	_cleanup_free_ char *domain = domain_of(metric);
	const struct pair p = {.host = host,
		.other = other,
		.contender = contender,
		.baseline = baseline,
		.domain = domain,
		.is_same_host = strcmp(host, other) == 0};
	char *why = NULL;

	if (domain == NULL || contender == NULL || baseline == NULL)
		return NULL;
	why = unlike_guest(&p);
	if (why == NULL)
		why = unlike_zones(&p);
	if (why == NULL)
		why = unlike_source(&p);
	if (why == NULL)
		why = unlike_meaning(&p);
	return why;
}
