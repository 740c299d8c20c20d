/* The keys that say what becomes of the results: comparisons, figures, claims. */
#include "coordinator/campaign/schema.h"

/* ---- compare ---- */

static bool is_alpha(const char *s)
{
	double alpha = strtod(s, NULL);

	return alpha >= 1e-6 && alpha <= 0.5;
}

static const struct schema metrics = {
	.type = TYPE_ONE_OR_LIST, .of = &schema_text, .max = SCHEMA_MAX_ENTRIES};
static const struct schema threshold = {.type = TYPE_PERCENT, .min = 0, .max = 1000000};
static const struct schema alpha = {
	.type = TYPE_NUMBER, .is_good = is_alpha, .expected = "a number from 0.000001 to 0.5"};
static const struct key_info compare_keys[] = {
	{"by", KEY_TOGETHER, &schema_text,
		"an axis, host, or a field such as host.cpu.codename; without by and baseline "
		"submissions alone are compared, with what 'schedule' or --baseline names"},
	{"baseline", KEY_TOGETHER, &schema_text, "its value that the others are compared with"},
	{"metrics", 0, &metrics, "which ones"},
	{"threshold", 0, &threshold, "less than this is no change"},
	{"alpha", 0, &alpha, "share of false alarms that is accepted"},
	{0},
};
static const struct schema comparison = {
	.type = TYPE_MAP, .title = "compare", .keys = compare_keys};
const struct schema schema_compare = {
	.type = TYPE_ONE_OR_LIST, .of = &comparison, .max = SCHEMA_MAX_ENTRIES};

/* ---- report ---- */

static const struct schema kind = {
	.type = TYPE_CHOICE,
	.choices = (const char *const[]){"speedup", "ratio", "power", "energy_time", "break_even",
		"edp", "pareto", "memory", "contention", "utilisation", "decomposition",
		"frequency", "forest", "sequence", "size", "samples", "trend", NULL},
};
static const struct schema chain = {.type = TYPE_LIST, .of = &schema_text, .min = 2, .max = 64};
static const struct key_info figure_keys[] = {
	{"name", 0, &schema_text, "what it is called by, such as F1; in front of its title"},
	{"kind", KEY_REQUIRED, &kind, "which figure"},
	{"metric", 0, &schema_text, "of which metric"},
	{"x", 0, &schema_text, "the axis along the page"},
	{"by", 0, &schema_text, "the axis whose values are lines or bars of their own"},
	{"baseline", 0, &schema_text, "the value of `by` that the others are seen against"},
	{"facet", 0, &schema_text, "the axis whose values are figures of their own"},
	{"only", 0, &schema_expression, "which configurations"},
	{"chain", 0, &chain, "of a decomposition: values of `by` from one end to the other"},
	{0},
};
static const struct schema figure = {.type = TYPE_MAP, .title = "a figure", .keys = figure_keys};
static const struct schema figures = {.type = TYPE_LIST, .of = &figure, .max = SCHEMA_MAX_ENTRIES};

static bool is_ratio(const char *s)
{
	return strtod(s, NULL) >= 0;
}

static const struct schema ratio = {
	.type = TYPE_NUMBER, .is_good = is_ratio, .expected = "a ratio such as 1.13"};
static const struct schema within = {.type = TYPE_LIST, .of = &ratio, .min = 2, .max = 2};
static const struct schema of = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"best", "each", "hosts", NULL}};
static const struct key_info claim_keys[] = {
	{"name", KEY_REQUIRED, &schema_text, "what it is called"},
	{"says", 0, &schema_text, "the claim, as a sentence"},
	{"metric", KEY_REQUIRED, &schema_expression, "a metric, or an expression over metrics"},
	{"by", KEY_REQUIRED, &schema_text, "an axis, host, or a field such as host.cpu.codename"},
	{"contender", KEY_REQUIRED, &schema_text, "its value that the claim is about"},
	{"baseline", KEY_REQUIRED, &schema_text, "its value that this is compared with"},
	{"only", 0, &schema_expression, "which configurations"},
	{"within", KEY_REQUIRED, &within, "[lowest, highest] ratio of contender to baseline"},
	{"of", 0, &of, "whether the best configuration or each must hold, or hosts agree"},
	{0},
};
static const struct schema claim = {.type = TYPE_MAP, .title = "a claim", .keys = claim_keys};
static const struct schema claims = {.type = TYPE_LIST, .of = &claim, .max = SCHEMA_MAX_ENTRIES};

static const struct key_info section_keys[] = {
	{"title", KEY_REQUIRED, &schema_text, "its heading"},
	{"text", KEY_REQUIRED, &schema_text, "Markdown"},
	{0},
};
static const struct schema section = {.type = TYPE_MAP, .title = "a section", .keys = section_keys};
static const struct schema sections = {.type = TYPE_LIST, .of = &section};

static const struct key_info report_keys[] = {
	{"title", 0, &schema_text, "of the page"},
	{"figures", 0, &figures, "which ones; all that the matrix allows without it"},
	{"claims", 0, &claims, "what is said of the results, and is held against them"},
	{"sections", 0, &sections, "texts beside the figures"},
	{0},
};
const struct schema schema_report = {.type = TYPE_MAP, .title = "report", .keys = report_keys};
