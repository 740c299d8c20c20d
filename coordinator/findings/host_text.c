#include "coordinator/findings/host_text.h"

#include "coordinator/campaign/host_fields.h"
#include "proto/units.h"

json_t *host_inventory(const char *json)
{
	json_t *object = json == NULL ? NULL : json_loads(json, 0, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* A word of a model's name without "(R)" and "(TM)", in place. */
static void strip_marks(char *word)
{
	static const char *const marks[] = {"(R)", "(TM)", "(r)", "(tm)"};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		char *at = strstr(word, marks[i]);
		if (at != NULL)
			memmove(at, at + strlen(marks[i]), strlen(at + strlen(marks[i])) + 1);
	}
}

static bool is_noise(const char *word)
{
	static const char *const noise[] = {
		"", "Intel", "Core", "AMD", "CPU", "Processor", "Genuine", "Gen"};
	size_t digits = strspn(word, "0123456789");

	for (size_t i = 0; i < ARRAY_SIZE(noise); i++) {
		if (strcmp(word, noise[i]) == 0)
			return true;
	}
	return digits > 0 && strcmp(word + digits, "th") == 0; /* "13th Gen" */
}

/* "13th Gen Intel(R) Core(TM) i9-13900K CPU @ 3.00GHz" -> "i9-13900K"; a name that is nothing but
 * noise is left whole. */
static void add_model(const char *model, struct buf *out)
{
	_cleanup_free_ char *copy = xstrdup(model);
	char *rest = NULL;
	size_t start = out->len;

	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest)) {
		strip_marks(word);
		if (word[0] == '@')
			break;
		if (!is_noise(word))
			buf_addf(out, "%s%s", out->len > start ? " " : "", word);
	}
	if (out->len == start)
		buf_adds(out, model);
}

void host_cores(const json_t *inventory, struct buf *out)
{
	static const struct {
		const char *kind;
		char letter;
	} letters[] = {{"performance", 'P'}, {"efficiency", 'E'}, {"lowpower", 'L'}};
	const json_t *kinds = json_object_get(json_object_get(inventory, "cpu"), "kinds"), *kind;
	json_int_t cores = json_integer_value(json_object_get(inventory, "cores"));
	size_t i;

	if (json_array_size(kinds) < 2) {
		if (cores > 0)
			buf_addf(out, "%lld core%s", (long long)cores, cores == 1 ? "" : "s");
		return;
	}
	json_array_foreach(kinds, i, kind)
	{
		char letter = '?';
		for (size_t k = 0; k < ARRAY_SIZE(letters); k++) {
			if (strcmp(text_of(kind, "kind"), letters[k].kind) == 0)
				letter = letters[k].letter;
		}
		buf_addf(out, "%s%lld%c", i == 0 ? "" : "+",
			(long long)json_integer_value(json_object_get(kind, "cores")), letter);
	}
}

void host_cpu(const json_t *inventory, struct buf *out)
{
	const json_t *cpu = json_object_get(inventory, "cpu");

	if (text_of(cpu, "model")[0] == '\0')
		return;
	add_model(text_of(cpu, "model"), out);
	if (text_of(cpu, "codename")[0] != '\0')
		buf_addf(out, " (%s)", text_of(cpu, "codename"));
	buf_addc(out, ' ');
	host_cores(inventory, out);
}

static void add_part(struct buf *out, size_t start, const char *before, const char *text)
{
	if (text[0] != '\0')
		buf_addf(out, "%s%s%s", out->len > start ? ", " : "", before, text);
}

void host_describe(const json_t *inventory, struct buf *out)
{
	const json_t *turbo = json_object_get(inventory, "turbo");
	size_t start = out->len;

	host_cpu(inventory, out);
	add_part(out, start, "Linux ", text_of(inventory, "kernel"));
	add_part(out, start, "", text_of(inventory, "governor"));
	if (json_is_boolean(turbo))
		add_part(out, start, "turbo ", json_is_true(turbo) ? "on" : "off");
	else
		add_part(out, start, "turbo ", text_of(inventory, "turbo"));
}

/* The entry of the rate that stands for sampling every so often; NULL where there is none. */
static const json_t *overhead_of(const json_t *overhead, int64_t every_ns, int64_t *rate)
{
	double wanted = 1e9 / (double)every_ns;
	const json_t *found = NULL;
	const char *key;
	json_t *entry;

	json_object_foreach((json_t *)(uintptr_t)overhead, key, entry)
	{
		int64_t hz;

		if (units_parse_int(key, 1, 1000000, &hz, NULL) < 0 ||
			!json_is_number(json_object_get(entry, "ratio")))
			continue;
		bool is_enough = (double)hz >= wanted, was_enough = (double)*rate >= wanted;
		if (found == NULL || (is_enough && (!was_enough || hz < *rate)) ||
			(!is_enough && !was_enough && hz > *rate)) {
			found = entry;
			*rate = hz;
		}
	}
	return found;
}

void host_overhead(const json_t *inventory, int64_t every_ns, struct buf *out)
{
	int64_t rate = 0;
	const json_t *entry = overhead_of(json_object_get(inventory, "overhead"), every_ns, &rate);
	const json_t *low = json_object_get(entry, "low"), *high = json_object_get(entry, "high");

	if (entry == NULL)
		return;
	buf_addf(out, "sampling at %lld Hz costs %.2f %%", (long long)rate,
		100 * (json_number_value(json_object_get(entry, "ratio")) - 1));
	if (json_is_number(low) && json_is_number(high))
		buf_addf(out, " [%.2f, %.2f]", 100 * (json_number_value(low) - 1),
			100 * (json_number_value(high) - 1));
}

char *host_value(const char *host, const json_t *inventory, const char *by)
{
	int64_t count = ABSENT;
	const json_t *value;

	if (strcmp(by, "host") == 0 || strcmp(by, "host.name") == 0)
		return xstrdup(host);
	if (inventory == NULL)
		return NULL;
	value = host_field(inventory, by, &count);
	if (count != ABSENT)
		return xasprintf("%lld", (long long)count);
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "true" : "false");
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	return json_is_real(value) ? xasprintf("%.10g", json_real_value(value)) : NULL;
}

const char *host_energy_source(const json_t *inventory)
{
	return json_string_value(json_object_get(json_object_get(inventory, "energy"), "source"));
}

const char *host_energy_why(const json_t *inventory)
{
	return json_string_value(json_object_get(json_object_get(inventory, "energy"), "why"));
}
