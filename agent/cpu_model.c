/*
 * cpu_model.c - proc/cpuinfo, and the table of Intel's generations
 */
#include "agent/cpu_model.h"

#include <fcntl.h>

#define ANY_STEPPING 255

static const struct codename {
	uint8_t family, model, max_stepping; /* rows of one model are sorted by max_stepping */
	const char *name;
} codenames[] = {
	{6, 0x0f, ANY_STEPPING, "Core"},
	{6, 0x17, ANY_STEPPING, "Penryn"},
	{6, 0x1a, ANY_STEPPING, "Nehalem-EP"},
	{6, 0x1d, ANY_STEPPING, "Dunnington"},
	{6, 0x1e, ANY_STEPPING, "Nehalem"},
	{6, 0x1f, ANY_STEPPING, "Nehalem"},
	{6, 0x25, ANY_STEPPING, "Westmere"},
	{6, 0x2a, ANY_STEPPING, "Sandy Bridge"},
	{6, 0x2c, ANY_STEPPING, "Westmere-EP"},
	{6, 0x2d, ANY_STEPPING, "Sandy Bridge-EP"},
	{6, 0x2e, ANY_STEPPING, "Nehalem-EX"},
	{6, 0x2f, ANY_STEPPING, "Westmere-EX"},
	{6, 0x37, ANY_STEPPING, "Silvermont"},
	{6, 0x3a, ANY_STEPPING, "Ivy Bridge"},
	{6, 0x3c, ANY_STEPPING, "Haswell"},
	{6, 0x3d, ANY_STEPPING, "Broadwell"},
	{6, 0x3e, ANY_STEPPING, "Ivy Bridge-EP"},
	{6, 0x3f, ANY_STEPPING, "Haswell-EP"},
	{6, 0x45, ANY_STEPPING, "Haswell"},
	{6, 0x46, ANY_STEPPING, "Haswell"},
	{6, 0x47, ANY_STEPPING, "Broadwell"},
	{6, 0x4a, ANY_STEPPING, "Silvermont"},
	{6, 0x4c, ANY_STEPPING, "Airmont"},
	{6, 0x4d, ANY_STEPPING, "Silvermont-D"},
	{6, 0x4e, ANY_STEPPING, "Skylake"},
	{6, 0x4f, ANY_STEPPING, "Broadwell-EP"},
	{6, 0x55, 4, "Skylake-SP"},
	{6, 0x55, 9, "Cascade Lake-SP"},
	{6, 0x55, ANY_STEPPING, "Cooper Lake"},
	{6, 0x56, ANY_STEPPING, "Broadwell-D"},
	{6, 0x57, ANY_STEPPING, "Knights Landing"},
	{6, 0x5a, ANY_STEPPING, "Airmont"},
	{6, 0x5c, ANY_STEPPING, "Goldmont"},
	{6, 0x5e, ANY_STEPPING, "Skylake"},
	{6, 0x5f, ANY_STEPPING, "Goldmont-D"},
	{6, 0x66, ANY_STEPPING, "Cannon Lake"},
	{6, 0x6a, ANY_STEPPING, "Ice Lake-SP"},
	{6, 0x6c, ANY_STEPPING, "Ice Lake-D"},
	{6, 0x7a, ANY_STEPPING, "Goldmont Plus"},
	{6, 0x7d, ANY_STEPPING, "Ice Lake"},
	{6, 0x7e, ANY_STEPPING, "Ice Lake"},
	{6, 0x85, ANY_STEPPING, "Knights Mill"},
	{6, 0x86, ANY_STEPPING, "Tremont-D"},
	{6, 0x8a, ANY_STEPPING, "Lakefield"},
	{6, 0x8c, ANY_STEPPING, "Tiger Lake"},
	{6, 0x8d, ANY_STEPPING, "Tiger Lake"},
	{6, 0x8e, 9, "Kaby Lake"},
	{6, 0x8e, 10, "Coffee Lake"},
	{6, 0x8e, 11, "Whiskey Lake"},
	{6, 0x8e, ANY_STEPPING, "Comet Lake"},
	{6, 0x8f, ANY_STEPPING, "Sapphire Rapids"},
	{6, 0x96, ANY_STEPPING, "Tremont"},
	{6, 0x97, ANY_STEPPING, "Alder Lake"},
	{6, 0x9a, ANY_STEPPING, "Alder Lake"},
	{6, 0x9c, ANY_STEPPING, "Tremont"},
	{6, 0x9d, ANY_STEPPING, "Ice Lake-NNPI"},
	{6, 0x9e, 9, "Kaby Lake"},
	{6, 0x9e, ANY_STEPPING, "Coffee Lake"},
	{6, 0xa5, ANY_STEPPING, "Comet Lake"},
	{6, 0xa6, ANY_STEPPING, "Comet Lake"},
	{6, 0xa7, ANY_STEPPING, "Rocket Lake"},
	{6, 0xaa, ANY_STEPPING, "Meteor Lake"},
	{6, 0xac, ANY_STEPPING, "Meteor Lake"},
	{6, 0xad, ANY_STEPPING, "Granite Rapids"},
	{6, 0xae, ANY_STEPPING, "Granite Rapids-D"},
	{6, 0xaf, ANY_STEPPING, "Sierra Forest"},
	{6, 0xb5, ANY_STEPPING, "Arrow Lake"},
	{6, 0xb6, ANY_STEPPING, "Grand Ridge"},
	{6, 0xb7, ANY_STEPPING, "Raptor Lake"},
	{6, 0xba, ANY_STEPPING, "Raptor Lake"},
	{6, 0xbd, ANY_STEPPING, "Lunar Lake"},
	{6, 0xbe, ANY_STEPPING, "Alder Lake-N"},
	{6, 0xbf, ANY_STEPPING, "Raptor Lake"},
	{6, 0xc5, ANY_STEPPING, "Arrow Lake"},
	{6, 0xc6, ANY_STEPPING, "Arrow Lake"},
	{6, 0xcc, ANY_STEPPING, "Panther Lake"},
	{6, 0xcf, ANY_STEPPING, "Emerald Rapids"},
	{6, 0xd7, ANY_STEPPING, "Bartlett Lake"},
	{6, 0xdd, ANY_STEPPING, "Clearwater Forest"},
	{19, 0x01, ANY_STEPPING, "Diamond Rapids"},
};

const char *cpu_model_codename(const struct cpu_model *c)
{
	if (strcmp(c->vendor, "GenuineIntel") != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(codenames); i++) {
		const struct codename *n = &codenames[i];
		if (n->family != c->family || n->model != c->model)
			continue;
		if (n->max_stepping == ANY_STEPPING)
			return n->name;
		if (c->stepping < 0) /* several generations have this number */
			return NULL;
		if (c->stepping <= n->max_stepping)
			return n->name;
	}
	return NULL;
}

bool cpu_model_is_amd(const struct cpu_model *c)
{
	return strcmp(c->vendor, "AuthenticAMD") == 0 || strcmp(c->vendor, "HygonGenuine") == 0;
}

static void set_text(char *out, size_t size, const char *value, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(out, value, len);
	out[len] = '\0';
}

/* One number of cpuinfo; -1 where it is none. */
static int small_number(const char *value, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9' || n > 9999)
			return -1;
		n = n * 10 + (value[i] - '0');
	}
	return len > 0 ? n : -1;
}

static bool has_word(const char *value, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = value; p + n <= value + len; p++)
		if (memcmp(p, word, n) == 0 && (p == value || p[-1] == ' ') &&
			(p + n == value + len || p[n] == ' '))
			return true;
	return false;
}

static void take_field(
	struct cpu_model *out, const char *key, size_t key_len, const char *value, size_t len)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
		int *number;
	} fields[] = {
		{"vendor_id", out->vendor, sizeof out->vendor, NULL},
		{"model name", out->name, sizeof out->name, NULL},
		{"microcode", out->microcode, sizeof out->microcode, NULL},
		{"cpu family", NULL, 0, &out->family},
		{"model", NULL, 0, &out->model},
		{"stepping", NULL, 0, &out->stepping},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strlen(fields[i].key) != key_len || memcmp(fields[i].key, key, key_len) != 0)
			continue;
		if (fields[i].text != NULL)
			set_text(fields[i].text, fields[i].size, value, len);
		else
			*fields[i].number = small_number(value, len);
	}
	if (key_len == 5 && memcmp(key, "flags", 5) == 0) {
		out->is_guest = has_word(value, len, "hypervisor");
		out->has_sgx = has_word(value, len, "sgx");
	}
}

/* "key<tab>: value" lines up to the first empty one, which ends the first CPU. */
static void parse_first_cpu(struct cpu_model *out, const char *text)
{
	while (*text != '\0' && *text != '\n') {
		size_t line = strcspn(text, "\n");
		const char *colon = memchr(text, ':', line);
		if (colon != NULL) {
			size_t key = (size_t)(colon - text);
			while (key > 0 && (text[key - 1] == '\t' || text[key - 1] == ' '))
				key--;
			const char *value = colon + 1;
			while (value < text + line && *value == ' ')
				value++;
			take_field(out, text, key, value, (size_t)(text + line - value));
		}
		text += line + (text[line] == '\n');
	}
}

void cpu_model_read(struct cpu_model *out, const struct machine *m)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	*out = (struct cpu_model){.family = -1, .model = -1, .stepping = -1};
	/* 16 MiB are more than 4096 CPUs with all their flags. */
	if (buf_read_file(&text, m->root_fd, "proc/cpuinfo", 16 << 20) == 0)
		parse_first_cpu(out, text.data);
	if (out->microcode[0] == '\0')
		machine_read_line(m, out->microcode, sizeof out->microcode,
			"sys/devices/system/cpu/cpu0/microcode/version");
}
