/* The keys of a campaign itself, and the texts that several tables take. */
#include "coordinator/campaign/schema.h"

#include "proto/units.h"

/* ---- texts ---- */

static bool is_one_of(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(more, c) != NULL);
}

bool is_word(const char *s, size_t max, const char *more)
{
	if (*s == '\0' || strlen(s) > max)
		return false;
	while (is_one_of(*s, more))
		s++;
	return *s == '\0';
}

bool is_identifier(const char *text, size_t len)
{
	if (len == 0 || (text[0] >= '0' && text[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_one_of(text[i], "_"))
			return false;
	return true;
}

bool is_number_text(const char *s)
{
	static const char digits[] = "0123456789";
	size_t n;

	s += *s == '-';
	n = strspn(s, digits);
	if (n == 0 || (n > 1 && *s == '0'))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(s + 1, digits);
		if (n == 0)
			return false;
		s += n + 1;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, digits);
		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

bool is_path_below(const char *s)
{
	if (*s == '/' || *s == '\0')
		return false;
	while (s) {
		if (strncmp(s, "..", 2) == 0 && (s[2] == '/' || s[2] == '\0'))
			return false;
		s = strchr(s, '/');
		s = s ? s + 1 : NULL;
	}
	return true;
}

static bool is_campaign_name(const char *s)
{
	if (*s == '-' || *s == '\0' || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-'))
			return false;
	return true;
}

static bool is_label_name(const char *s)
{
	return is_word(s, 64, "_.-/");
}

/* ---- types that several tables share ---- */

const struct schema schema_text = {.type = TYPE_TEXT, .expected = "a text"};
const struct schema schema_template = {.type = TYPE_TEMPLATE, .expected = "a text"};
const struct schema schema_boolean = {.type = TYPE_BOOL};
const struct schema schema_expression = {.type = TYPE_EXPRESSION};
const struct schema schema_labels = {
	.type = TYPE_NAMES,
	.named = "label",
	.is_good = is_label_name,
	.expected = "letters, digits, _ . - and /",
	.pattern = "^[A-Za-z0-9_./-]{1,64}$",
	.of = &schema_text,
};

/* ---- files ---- */

static bool is_not_empty(const char *s)
{
	return *s != '\0';
}

static const struct schema path = {
	.type = TYPE_TEMPLATE,
	.is_good = is_path_below,
	.expected = "a path beside the campaign file, without '..'",
	.pattern = PATTERN_PATH_BELOW,
};
static const struct schema url = {
	.type = TYPE_TEMPLATE,
	.is_good = is_not_empty,
	.expected = "the URL of a git repository",
};
static const struct schema directory = {
	.type = TYPE_TEMPLATE,
	.is_good = is_path_below,
	.expected = "a path below the campaign's directory, without '..'",
	.pattern = PATTERN_PATH_BELOW,
};
static const struct key_info git_keys[] = {
	{"git", KEY_REQUIRED, &url, "URL of the repository"},
	{"ref", 0, &schema_template, "branch, tag or commit; HEAD without it"},
	{"as", 0, &directory, "the directory that it becomes; named as the repository without it"},
	{0},
};
static const struct schema git = {.type = TYPE_MAP, .title = "a git source", .keys = git_keys};
static const struct schema file = {
	.type = TYPE_SCALAR_OR_MAP,
	.scalar = &path,
	.of = &git,
	.expected = "a path beside the campaign file, or {git, ref, as}",
};
static const struct schema files = {.type = TYPE_LIST, .of = &file};

/* ---- the campaign ---- */

static const struct schema name = {
	.type = TYPE_TEXT,
	.is_good = is_campaign_name,
	.expected = "lower-case letters, digits and -, at most 64, not starting with -",
	.pattern = "^[a-z0-9][a-z0-9-]{0,63}$",
};
static const struct schema seed = {.type = TYPE_INT, .min = 0, .max = INT64_MAX};

static const struct key_info campaign_keys[] = {
	{"campaign", KEY_REQUIRED, &name, "its name; results are called NAME.1, NAME.2 ..."},
	{"description", 0, &schema_text, "one line for people"},
	{"seed", 0, &seed, "of the random order of runs"},
	{"labels", 0, &schema_labels, "labels of the submission"},
	{"hosts", 0, &schema_hosts, "where it runs; everywhere without it"},
	{"files", 0, &files, "what is shipped to the hosts"},
	{"requires", KEY_LAYER, &schema_command,
		"what must succeed on a host; else what needs it is skipped"},
	{"setup", KEY_LAYER, &schema_steps, "done once on each host"},
	{"teardown", 0, &schema_steps, "done at the end on each host"},
	{"defaults", 0, &schema_defaults, "what every benchmark begins with"},
	{"benchmarks", KEY_REQUIRED, &schema_benchmarks, "the programs, by names"},
	{"matrix", KEY_LAYER, &schema_matrix, "axes of all benchmarks"},
	{"placement", KEY_LAYER, &schema_placement, "CPUs of a run"},
	{"measure", KEY_LAYER, &schema_measure, "what is measured"},
	{"repeat", 0, &schema_repeat, "how often"},
	{"order", 0, &schema_order, "of the runs"},
	{"budget", 0, &schema_budget, "what the campaign may take at most"},
	{"guard", KEY_LAYER, &schema_guard, "state that the machine must have"},
	{"tune", KEY_LAYER, &schema_tune, "state that the machine is put into"},
	{"limits", KEY_LAYER, &schema_limits, "bounds of a run"},
	{"compare", 0, &schema_compare, "what is compared with what"},
	{"schedule", 0, &schema_schedule, "when it is submitted again"},
	{"report", 0, &schema_report, "figures and claims"},
	{0},
};
const struct schema schema_campaign = {
	.type = TYPE_MAP, .title = "the campaign", .keys = campaign_keys};

const struct schema *schema_find(const char *at_path)
{
	const struct schema *at = &schema_campaign;

	while (at && at->type == TYPE_MAP) {
		size_t len = strcspn(at_path, ".");
		const struct key_info *k = at->keys;

		while (k->name && (strncmp(k->name, at_path, len) != 0 || k->name[len] != '\0'))
			k++;
		at = k->schema;
		if (at_path[len] == '\0')
			return at;
		at_path += len + 1;
	}
	return NULL;
}
