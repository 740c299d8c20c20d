#include "coordinator/campaign/host_fields.h"

#include "coordinator/campaign/diagnostics.h"

static const char *const fields[] = {"host.name", "host.cores", "host.threads", "host.numa",
	"host.memory", "host.kernel", "host.hypervisor", "host.governor", "host.turbo",
	"host.fingerprint", "host.firmware.vendor", "host.firmware.version", "host.firmware.date",
	"host.frequency.base", "host.cpu.vendor", "host.cpu.model", "host.cpu.family",
	"host.cpu.model_number", "host.cpu.stepping", "host.cpu.microcode", "host.cpu.codename",
	"host.cpu.packages", "host.cpu.dies", "host.cpu.cores", "host.cpu.threads",
	"host.energy.source"};

const char *const host_kinds[] = {"performance", "efficiency", "lowpower"};
const size_t host_kinds_n = ARRAY_SIZE(host_kinds);

const char *const *host_fields(size_t *n)
{
	*n = ARRAY_SIZE(fields);
	return fields;
}

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* "KIND.cores" or "KIND.cpus" */
static bool is_kind_field(const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot || (strcmp(dot, ".cores") != 0 && strcmp(dot, ".cpus") != 0))
		return false;
	for (size_t i = 0; i < host_kinds_n; i++)
		if (strncmp(path, host_kinds[i], (size_t)(dot - path)) == 0 &&
			host_kinds[i][dot - path] == '\0')
			return true;
	return false;
}

bool host_field_is_known(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i], path) == 0)
			return true;
	if (has_prefix(path, HOST_LABELS))
		return path[strlen(HOST_LABELS)] != '\0';
	return has_prefix(path, HOST_KINDS) && is_kind_field(path + strlen(HOST_KINDS));
}

bool host_field_is_group(const char *path)
{
	size_t len = strlen(path);

	if (has_prefix(HOST_LABELS, path) && HOST_LABELS[len] == '.')
		return true;
	if (has_prefix(HOST_KINDS, path) && HOST_KINDS[len] == '.')
		return true;
	for (size_t i = 0; i < host_kinds_n; i++)
		if (has_prefix(path, HOST_KINDS) &&
			strcmp(path + strlen(HOST_KINDS), host_kinds[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (has_prefix(fields[i], path) && fields[i][len] == '.')
			return true;
	return false;
}

const char *host_field_nearest(char out[96], const char *path)
{
	const char *words[ARRAY_SIZE(fields) + 2 * ARRAY_SIZE(host_kinds)];
	char *kinds[2 * ARRAY_SIZE(host_kinds)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		words[n++] = fields[i];
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		kinds[i] = xasprintf(
			"%s%s.%s", HOST_KINDS, host_kinds[i / 2], i % 2 == 0 ? "cores" : "cpus");
		words[n++] = kinds[i];
	}
	diag_nearest(out, path, words, n);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		free(kinds[i]);
	return out;
}

/* ---- values ---- */

static const json_t *find_kind(const json_t *kinds, const char *name, size_t len)
{
	size_t i;
	json_t *kind;

	json_array_foreach(kinds, i, kind)
	{
		const char *text = json_string_value(json_object_get(kind, "kind"));

		if (text && strlen(text) == len && memcmp(text, name, len) == 0)
			return kind;
	}
	return NULL;
}

/* A host that tells of no kinds has performance cores alone. */
static int64_t count_kind(const json_t *inventory, const char *path)
{
	const char *dot = strchr(path, '.');
	const json_t *kinds = json_object_get(json_object_get(inventory, "cpu"), "kinds"), *value;
	bool is_cores = strcmp(dot, ".cores") == 0;

	if (json_array_size(kinds) == 0) {
		if (strncmp(path, "performance.", strlen("performance.")) != 0)
			return 0;
		return json_integer_value(
			json_object_get(inventory, is_cores ? "cores" : "threads"));
	}
	value = json_object_get(find_kind(kinds, path, (size_t)(dot - path)), dot + 1);
	return json_is_array(value) ? (int64_t)json_array_size(value) : json_integer_value(value);
}

const json_t *host_field(const json_t *inventory, const char *path, int64_t *count)
{
	const json_t *at = inventory;

	*count = ABSENT;
	if (has_prefix(path, HOST_KINDS)) {
		*count = count_kind(inventory, path + strlen(HOST_KINDS));
		return NULL;
	}
	/* A label's name may have points in it. */
	if (has_prefix(path, HOST_LABELS)) {
		at = json_object_get(
			json_object_get(inventory, "labels"), path + strlen(HOST_LABELS));
	} else {
		_cleanup_free_ char *copy = xstrdup(path + strlen("host."));
		char *rest = copy, *part;

		while ((part = strsep(&rest, ".")))
			at = json_object_get(at, part);
	}
	return json_is_string(at) || json_is_number(at) || json_is_boolean(at) ? at : NULL;
}
