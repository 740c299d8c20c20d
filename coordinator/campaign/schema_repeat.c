/* The keys that say how often a campaign runs, in which order, within which bounds, and when. */
#include "coordinator/campaign/schema.h"
#include "proto/base.h"

/* ---- repeat, order ---- */

static const struct schema warmup = {.type = TYPE_INT, .min = 0, .max = 1000000};
static const struct schema blocks = {.type = TYPE_INT, .min = 1, .max = 10000000};
static const struct schema within = {.type = TYPE_PERCENT, .min = 1, .max = 1000000};
static const struct schema pair = {
	.type = TYPE_ONE_OR_LIST, .of = &schema_text, .max = SCHEMA_MAX_ENTRIES};
static const struct key_info until_keys[] = {
	{"metric", KEY_REQUIRED, &schema_text, "whose interval is looked at"},
	{"within", KEY_REQUIRED, &within, "half of its width, relative to the median, at most"},
	{0},
};
static const struct schema until = {.type = TYPE_MAP, .title = "until", .keys = until_keys};
static const struct key_info repeat_keys[] = {
	{"warmup", 0, &warmup, "whole passes first that are never counted"},
	{"blocks", 0, &blocks, "passes that count; with until at least"},
	{"max", 0, &blocks, "with until: passes at most"},
	{"until", 0, &until, "how narrow an interval ends a configuration"},
	{"pair", 0, &pair, "axes: configurations that differ in these alone run back to back"},
	{0},
};
const struct schema schema_repeat = {.type = TYPE_MAP, .title = "repeat", .keys = repeat_keys};
const struct schema schema_order = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"blocks", "sequential", NULL}};

/* ---- budget ---- */

static bool is_time_of_day(const char *s)
{
	return strlen(s) == 5 && strspn(s, "0123456789") == 2 && s[2] == ':' &&
	       strspn(s + 3, "0123456789") == 2 && atoi(s) < 24 && atoi(s + 3) < 60;
}

static const struct schema time_budget = {.type = TYPE_DURATION, .min = 1, .max = INT64_MAX};
static const struct schema energy_budget = {.type = TYPE_ENERGY, .min = 1, .max = INT64_MAX};
static const struct schema until_time = {
	.type = TYPE_TEXT,
	.is_good = is_time_of_day,
	.expected = "a time of day such as \"06:00\"",
	.pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$",
};
static const struct key_info budget_keys[] = {
	{"time", 0, &time_budget, "how long"},
	{"energy", 0, &energy_budget, "how many joules of all hosts together"},
	{"until", 0, &until_time, "to what time of day, \"06:00\", of the coordinator"},
	{0},
};
const struct schema schema_budget = {.type = TYPE_MAP, .title = "budget", .keys = budget_keys};

/* ---- schedule ---- */

/* "previous", "last-7", "nightly.12", or a campaign's name: its last submission. How much fewer
 * than three submissions vary is not known: `compare` refuses them. */
static bool is_baseline(const char *s)
{
	size_t n = strlen("last-");

	if (strncmp(s, "last-", n) != 0)
		return is_word(s, 200, "_-.");
	return s[n] >= '1' && s[n] <= '9' && strlen(s) <= n + 6 &&
	       s[n + strspn(s + n, "0123456789")] == '\0' && atoi(s + n) >= 3;
}

static const struct schema baseline = {
	.type = TYPE_TEXT,
	.is_good = is_baseline,
	.expected = "previous, last-3 or more, or a label such as nightly.12",
	.pattern = "^(?!last-)[0-9A-Za-z_.-]+$|^last-([3-9]|[1-9][0-9]{1,5})$",
};
static const struct schema below = {
	.type = TYPE_TEXT,
	.is_good = is_path_below,
	.expected = "a relative path without ..",
	.pattern = PATTERN_PATH_BELOW,
};
static const struct schema cron = {
	.type = TYPE_TEXT,
	.expected = "a cron expression: minute, hour, day, month, weekday, such as \"0 2 * * "
		    "1-5\", or @daily",
	.pattern = "^@[a-z]+$|^[0-9A-Za-z*,/-]+([ \\t]+[0-9A-Za-z*,/-]+){4}$",
};
static const struct schema missed = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"once", "skip", "all", NULL}};
static const struct schema overlap = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"queue", "skip", NULL}};
static const struct schema unless = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"unchanged", NULL}};
static const struct key_info source_keys[] = {
	{"git", KEY_REQUIRED, &schema_text,
		"a URL, or an absolute path on the coordinator's machine"},
	{"ref", 0, &schema_text, "branch or tag; main without it"},
	{"file", 0, &below, "the campaign file in it; without it named as the one that is added"},
	{0},
};
static const struct schema source = {.type = TYPE_MAP, .title = "source", .keys = source_keys};
static const struct schema bound = {.type = TYPE_DURATION, .min = 1, .max = INT64_MAX};
static const struct key_info schedule_keys[] = {
	{"cron", KEY_REQUIRED, &cron, "minute, hour, day, month, weekday"},
	{"timezone", 0, &schema_text, "such as Europe/Berlin; the coordinator's without it"},
	{"missed", 0, &missed, "what follows when the coordinator was down at that time"},
	{"overlap", 0, &overlap, "what follows when the one before is not done"},
	{"unless", 0, &unless, "unchanged: not where files and commits are as last time"},
	{"source", 0, &source, "a git repository that the campaign file is read from each time"},
	{"baseline", 0, &baseline, "what it is compared with: previous, last-N or a label"},
	{"deadline", 0, &bound, "so long after it began it ends in order"},
	{"patience", 0, &bound, "so long it waits for hosts that are not there; 30min without it"},
	{0},
};
const struct schema schema_schedule = {
	.type = TYPE_MAP, .title = "schedule", .keys = schedule_keys};
