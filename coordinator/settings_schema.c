/* What may stand in a file of settings, and of which type. */
#include "coordinator/settings_schema.h"

#include "coordinator/settings.h"

/* ---- where things are ---- */

/* No spaces, nothing that ends a line or worse. */
static bool is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

static bool is_address(const char *s)
{
	const char *rest = strncmp(s, "tcp://", 6) == 0 ? s + 6 : s;

	return rest[0] != '\0' && is_plain(rest) && strchr(rest, '/') == NULL;
}

/* "127.0.0.1:7711", "[::1]:7711" */
static bool is_host_and_port(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;

	if (colon == NULL || colon == s || !is_plain(s) || strchr(s, '/') != NULL)
		return false;
	if (strchr(s, ':') != colon && !(s[0] == '[' && colon[-1] == ']'))
		return false;
	return digits > 0 && digits <= 5 && colon[1 + digits] == '\0' && atoi(colon + 1) <= 65535;
}

static bool is_absolute(const char *s)
{
	return s[0] == '/' && s[1] != '\0';
}

static const struct schema address = {
	.type = TYPE_TEXT,
	.is_good = is_address,
	.expected = "an address such as tcp://0.0.0.0:7710",
};
static const struct schema http = {
	.type = TYPE_TEXT,
	.is_good = is_host_and_port,
	.expected = "an address and a port such as 127.0.0.1:7711",
};
static const struct schema path = {.type = TYPE_TEXT, .expected = "a path"};
static const struct schema program = {
	.type = TYPE_TEXT, .is_good = is_absolute, .expected = "a path that begins with /"};

/* ---- who is told ---- */

const char *const settings_notice_kinds[] = {
	"regressed", "improved", "returned", "failed", "sweep", "recovered", NULL};

static bool is_url(const char *s)
{
	size_t scheme = strncmp(s, "https://", 8) == 0 ? 8 : strncmp(s, "http://", 7) == 0 ? 7 : 0;

	return scheme > 0 && is_plain(s) && s[scheme] != '\0' && s[scheme] != '/';
}

/* One address, that is an argument and a line of a mail's header. */
static bool is_mail_address(const char *s)
{
	const char *at = strchr(s, '@');

	return at != NULL && at != s && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
	       s[0] != '-' && strlen(s) <= 254 && is_plain(s) && strpbrk(s, ",;<>()\"\\") == NULL;
}

static bool is_channel_name(const char *s)
{
	return is_word(s, 64, "_.-");
}

static const struct schema url = {.type = TYPE_TEXT,
	.is_good = is_url,
	.expected = "a URL that begins with https:// or http://"};
static const struct schema mail_address = {
	.type = TYPE_TEXT,
	.is_good = is_mail_address,
	.expected = "one address such as lab@example.org",
};
static const struct schema channel_name = {
	.type = TYPE_TEXT,
	.is_good = is_channel_name,
	.expected = "at most 64 letters, digits, _ . and -",
};
static const struct schema kind = {.type = TYPE_CHOICE, .choices = settings_notice_kinds};
static const struct schema kinds = {
	.type = TYPE_ONE_OR_LIST, .of = &kind, .max = SCHEMA_MAX_ENTRIES};
static const struct key_info channel_keys[] = {
	{"webhook", 0, &url, "URL to which the notices are posted as JSON"},
	{"mail", 0, &mail_address, "address to which they are sent"},
	{"command", 0, &schema_command, "program that is run with them as JSON on its input"},
	{"kinds", 0, &kinds, "of the notices that go this way; all without it"},
	{"name", 0, &channel_name,
		"what to call it; without it the URL's host, the address, the "
		"command"},
	{"from", 0, &mail_address, "whom a mail is from; joulerig at this host without it"},
	{0},
};
static const struct schema channel = {
	.type = TYPE_MAP, .title = "a way of 'notify'", .keys = channel_keys};
static const struct schema channels = {.type = TYPE_LIST, .of = &channel};

/* ---- when hosts rest, and what goes ---- */

static const struct schema hosts = {
	.type = TYPE_ONE_OR_LIST, .of = &schema_text, .max = SCHEMA_MAX_ENTRIES};
static const struct schema cron = {
	.type = TYPE_TEXT,
	.expected = "a cron expression: minute, hour, day, month, weekday, such as \"0 4 * * 0\", "
		    "or @weekly",
};
static const struct schema length = {
	.type = TYPE_DURATION, .min = 60 * NS_PER_S, .max = INT64_C(366) * 86400 * NS_PER_S};
static const struct key_info window_keys[] = {
	{"hosts", KEY_REQUIRED, &hosts, "names, or several as lab[01-08]"},
	{"cron", KEY_REQUIRED, &cron, "when it begins: minute, hour, day, month, weekday"},
	{"timezone", 0, &schema_text, "such as Europe/Berlin; the coordinator's without it"},
	{"for", KEY_REQUIRED, &length, "how long it is"},
	{0},
};
static const struct schema window = {
	.type = TYPE_MAP, .title = "a window of 'maintenance'", .keys = window_keys};
static const struct schema windows = {.type = TYPE_LIST, .of = &window};

static const struct schema age = {.type = TYPE_DURATION, .min = 1, .max = INT64_MAX};
static const struct schema keep = {.type = TYPE_INT, .min = 0, .max = INT64_MAX};
static const struct schema what = {
	.type = TYPE_CHOICE, .choices = (const char *const[]){"samples", "output", "all", NULL}};
static const struct key_info retention_keys[] = {
	{"older_than", KEY_REQUIRED, &age, "since when a campaign must have ended"},
	{"keep", 0, &keep, "the last of each name that stay, however old; 3 without it"},
	{"what", 0, &what, "samples, output or all, which it is without it"},
	{0},
};
static const struct schema retention = {
	.type = TYPE_MAP, .title = "retention", .keys = retention_keys};

/* ---- the file ---- */

static const struct key_info settings_keys[] = {
	{"listen", 0, &address, "where agents and users connect; tcp://127.0.0.1:7710 without it"},
	{"db", 0, &path, "the store's file; joulerig.db without it"},
	{"keys", 0, &path, "folder of the coordinator's keys and of those that it trusts"},
	{"http", 0, &http, "where /healthz and /metrics are; nowhere without it"},
	{"notify", 0, &channels, "the ways by which notices go"},
	{"sendmail", 0, &program, "the program that sends mail; /usr/sbin/sendmail without it"},
	{"maintenance", 0, &windows, "times in which hosts get no runs"},
	{"retention", 0, &retention, "what of ended campaigns goes by itself, each day"},
	{0},
};
const struct schema schema_settings = {
	.type = TYPE_MAP, .title = "the settings", .keys = settings_keys};
