#include "coordinator/dispatch/notice_text.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define PLAIN_IN_SHELL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"

void notice_text_done(struct notice_text *n)
{
	free(n->subject);
	free(n->text);
	free(n->json);
	*n = (struct notice_text){0};
}

static const char *kind_of(const char *verdict)
{
	static const char *const kinds[] = {
		NOTICE_REGRESSED, NOTICE_IMPROVED, NOTICE_FAILED, NOTICE_SWEEP, NOTICE_RECOVERED};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(verdict, kinds[i]) == 0)
			return kinds[i];
	return NOTICE_RETURNED;
}

/* ---- pieces of a sentence ---- */

/* "lab01", "lab01 and lab02", "lab01, lab02 and 5 more hosts" */
static void add_hosts(const json_t *hosts, struct buf *out)
{
	size_t n = json_array_size(hosts), shown = n <= 4 ? n : 3;

	for (size_t i = 0; i < shown; i++) {
		buf_adds(out, i == 0 ? "" : i + 1 == n ? " and " : ", ");
		buf_adds(out, judge_text(json_array_get(hosts, i), "host"));
	}
	if (shown < n)
		buf_addf(out, " and %zu more hosts", n - shown);
}

/* "nbody threads=8" */
static void add_configuration(const json_t *one, struct buf *out)
{
	const json_t *parameters = json_object_get(one, "parameters");
	const char *name;
	json_t *value;

	buf_adds(out, judge_text(one, "benchmark"));
	json_object_foreach((json_t *)parameters, name, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		buf_addf(out, " %s=%s", name,
			json_is_string(value) ? json_string_value(value)
			: text                ? text
					      : "");
		free(text);
	}
}

static double value_of(const json_t *one, const char *key)
{
	const json_t *value = json_object_get(one, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static double percent(double ratio)
{
	return 100 * fabs(ratio - 1);
}

static const char *cause_text(const char *cause, const char *by)
{
	if (strcmp(cause, "content") == 0)
		return "old and new, run again interleaved, differ as much";
	if (strcmp(cause, "machine") == 0)
		return "the contents are the same, so the machine has changed, or what is "
		       "installed there";
	if (strcmp(cause, "file") == 0)
		return "the campaign file is another one; running it again showed it once more";
	if (strcmp(cause, "unknown") == 0)
		return "the contents of before are not kept any more; running tonight's again "
		       "showed it once more";
	return by[0] != '\0' ? "running it again showed it once more" : "";
}

/* Where a canary moved, the machine may be why. */
static void add_canaries(const json_t *hosts, const json_t *moved, struct buf *out)
{
	json_t *both = json_array(), *host;
	size_t i;

	json_array_foreach(hosts, i, host)
	{
		if (judge_has_text(moved, judge_text(host, "host")))
			json_array_append(both, host);
	}
	if (json_array_size(both) > 0) {
		buf_adds(out, "; a canary moved on ");
		add_hosts(both, out);
		buf_adds(out, ", so it may be the machine");
	}
	json_decref(both);
}

/* Four digits; whole numbers whole. */
static void add_median(const json_t *change, const char *key, struct buf *out)
{
	double value = value_of(change, key);
	const char *unit = judge_text(change, "unit");

	buf_addf(out, fabs(value) >= 1000 ? "%.0f" : "%#.4g", value);
	buf_addf(out, "%s%s", unit[0] != '\0' ? " " : "", unit);
}

static void add_medians(const json_t *change, struct buf *out)
{
	if (!isfinite(value_of(change, "baseline_median")) ||
		!isfinite(value_of(change, "contender_median")))
		return;
	buf_adds(out, "; median from ");
	add_median(change, "baseline_median", out);
	buf_adds(out, " to ");
	add_median(change, "contender_median", out);
}

static void add_ratio(const json_t *change, struct buf *out)
{
	double ratio = value_of(change, "ratio"), low = value_of(change, "low");
	double high = value_of(change, "high"), p = value_of(change, "p_adjusted");

	if (isfinite(ratio))
		buf_addf(out, " (ratio %.4g", ratio);
	if (isfinite(ratio) && isfinite(low) && isfinite(high))
		buf_addf(out, " [%.4g, %.4g]", low, high);
	if (isfinite(ratio) && isfinite(p))
		buf_addf(out, p < 0.001 ? ", adjusted p < 0.001" : ", adjusted p %.2g", p);
	if (isfinite(ratio))
		add_medians(change, out);
	if (isfinite(ratio))
		buf_addc(out, ')');
}

static void add_sides(const json_t *change, const struct notice_facts *f, struct buf *out)
{
	buf_addf(out, ": %s", f->campaign);
	if (f->commit != NULL)
		buf_addf(out, " (%.12s)", f->commit);
	buf_addf(out, " against %s", judge_text(change, "against"));
	if (f->commit_before != NULL)
		buf_addf(out, " (%.12s)", f->commit_before);
}

static char *change_text(const json_t *change, const struct notice_facts *f)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const json_t *hosts = json_object_get(change, "hosts");
	const char *verdict = judge_text(change, "verdict");
	const char *why = cause_text(judge_text(change, "cause"), judge_text(change, "shown_by"));

	buf_addf(&out, "%s of ", judge_text(change, "metric"));
	add_configuration(change, &out);
	if (strcmp(kind_of(verdict), NOTICE_RETURNED) == 0)
		buf_adds(&out, " is back where the baseline is");
	else
		buf_addf(&out, " is %s%.1f %% %s", json_array_size(hosts) > 1 ? "up to " : "",
			percent(value_of(change, "ratio")),
			strcmp(verdict, "regressed") == 0 ? "worse" : "better");
	buf_adds(&out, " on ");
	add_hosts(hosts, &out);
	add_ratio(change, &out);
	add_sides(change, f, &out);
	if (why[0] != '\0')
		buf_addf(&out, "; %s", why);
	add_canaries(hosts, f->moved, &out);
	return buf_take(&out);
}

static char *host_text(const json_t *what, const struct notice_facts *f)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *kind = judge_text(what, "kind"), *reason = judge_text(what, "reason");
	bool is_case = json_object_get(what, "benchmark") != NULL;
	bool is_good = strcmp(kind, NOTICE_RECOVERED) == 0;

	if (strcmp(judge_text(what, "subject"), SUBJECT_SWEEP) == 0) {
		buf_addf(&out, "the sweep of %s %s", f->schedule,
			is_good ? "works again" : "has failed");
	} else if (is_case) {
		add_configuration(what, &out);
		buf_adds(&out, is_good ? " works again on " : " fails in each run on ");
		add_hosts(json_object_get(what, "hosts"), &out);
	} else {
		buf_adds(&out, "host ");
		add_hosts(json_object_get(what, "hosts"), &out);
		buf_adds(&out, is_good ? " is good again" : " has failed");
	}
	if (f->campaign != NULL)
		buf_addf(&out, " in %s", f->campaign);
	if (f->campaign != NULL && f->commit != NULL)
		buf_addf(&out, " (%.12s)", f->commit);
	if (reason[0] != '\0')
		buf_addf(&out, ": %s", reason);
	return buf_take(&out);
}

/* ---- JSON ---- */

static void set_text(json_t *to, const char *key, const char *text)
{
	json_object_set_new(
		to, key, text != NULL && text[0] != '\0' ? json_string(text) : json_null());
}

static void set_time(json_t *to, const char *key, int64_t at)
{
	time_t s = (time_t)(at / NS_PER_S);
	struct tm tm;
	char text[32];

	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(to, key, json_string(text));
}

/* The keys that every notice has, in the order of the document. */
static json_t *begin(const char *kind, const char *subject, const struct notice_facts *f)
{
	json_t *out = json_object();

	set_text(out, "kind", kind);
	set_text(out, "subject", subject);
	set_text(out, "schedule", f->schedule);
	json_object_set_new(out, "sweep", json_integer(f->sweep));
	set_text(out, "campaign", f->campaign);
	set_text(out, "baseline", f->baseline);
	set_time(out, "at", f->at);
	return out;
}

static void set_from(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (value != NULL)
		json_object_set(to, key, value);
	else
		json_object_set_new(to, key, json_null());
}

static char *end(json_t *object, const char *text, const char *command)
{
	set_text(object, "text", text);
	set_text(object, "command", command);
	char *out = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return out;
}

/* The store is named, so that the command can be copied into any shell on this machine. */
static char *with_store(char *command, const char *db)
{
	_cleanup_free_ char *alone = command;
	_cleanup_buf_ struct buf quoted = BUF_INIT;

	if (db == NULL)
		return xstrdup(alone);
	for (const char *p = db; *p != '\0'; p++)
		buf_adds(&quoted, *p == '\'' ? "'\\''" : (const char[]){*p, '\0'});
	bool is_plain = db[strspn(db, PLAIN_IN_SHELL)] == '\0';

	return xasprintf(
		"%s --db %s%s%s", alone, is_plain ? "" : "'", quoted.data, is_plain ? "" : "'");
}

/* How the numbers are seen again. */
static char *command_of(const json_t *change, const struct notice_facts *f)
{
	const char *by = judge_text(change, "shown_by"), *against = judge_text(change, "against");
	bool is_content = strcmp(judge_text(change, "cause"), "content") == 0;

	return with_store(
		xasprintf("joulerig compare %s%s --baseline %s", by[0] != '\0' ? by : f->campaign,
			is_content ? " --by content" : "", against),
		f->db);
}

void notice_of_change(const json_t *change, const struct notice_facts *f, struct notice_text *out)
{
	static const char *const keys[] = {"against", "host", "hosts", "benchmark", "parameters",
		"metric", "ratio", "low", "high", "p_adjusted", "baseline_median",
		"contender_median", "unit", "verdict", "cause"};
	_cleanup_free_ char *command = command_of(change, f);

	out->kind = kind_of(judge_text(change, "verdict"));
	out->subject = judge_subject(change);
	out->text = change_text(change, f);
	json_t *object = begin(out->kind, out->subject, f), *commits = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		set_from(object, change, keys[i]);
	set_text(commits, "contender", f->commit);
	set_text(commits, "baseline", f->commit_before);
	json_object_set_new(object, "commit", commits);
	set_text(object, "confirmed_by", judge_text(change, "shown_by"));
	if (f->measured != NULL)
		json_object_set(object, "measured", (json_t *)f->measured);
	out->json = end(object, out->text, command);
}

void notice_of_host(const json_t *what, const struct notice_facts *f, struct notice_text *out)
{
	const json_t *hosts = json_object_get(what, "hosts");
	_cleanup_free_ char *command = with_store(
		f->campaign != NULL ? xasprintf("joulerig results %s", f->campaign)
				    : xasprintf("joulerig schedule show %s", f->schedule),
		f->db);

	out->kind = kind_of(judge_text(what, "kind"));
	out->subject = xstrdup(judge_text(what, "subject"));
	out->text = host_text(what, f);
	json_t *object = begin(out->kind, out->subject, f);

	set_text(object, "host",
		json_array_size(hosts) == 1  ? judge_text(json_array_get(hosts, 0), "host")
		: json_array_size(hosts) > 1 ? "*"
					     : NULL);
	set_from(object, what, "hosts");
	set_from(object, what, "benchmark");
	set_from(object, what, "parameters");
	set_text(object, "reason", judge_text(what, "reason"));
	out->json = end(object, out->text, command);
}
