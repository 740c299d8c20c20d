#include "agent/tune_settings.h"
#include "agent/machine_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/stat.h>

#define UNCORE_PATH   CPU_PATH "/intel_uncore_frequency"
#define POWERCAP_PATH "sys/class/powercap"

/* Limits are kept in units of 1/8 W, and finer ones are cut. Source: Intel SDM vol 3B, "RAPL
 * Interfaces", MSR_RAPL_POWER_UNIT. */
#define POWER_UNIT_UW 125000

/* All files that any setting has: what a journal may name. */
static const struct {
	const char *pattern;
	int64_t tolerance;
} files[] = {
	{CPU_PATH "/cpu[0-9]*/cpufreq/scaling_governor", 0},
	{CPU_PATH "/cpu[0-9]*/cpufreq/energy_performance_preference", 0},
	{CPU_PATH "/cpu[0-9]*/cpufreq/scaling_min_freq", 0},
	{CPU_PATH "/cpu[0-9]*/cpufreq/scaling_max_freq", 0},
	{NO_TURBO_PATH, 0},
	{BOOST_PATH, 0},
	{UNCORE_PATH "/package_*/min_freq_khz", 0},
	{UNCORE_PATH "/package_*/max_freq_khz", 0},
	{UNCORE_PATH "/uncore[0-9]*/min_freq_khz", 0},
	{UNCORE_PATH "/uncore[0-9]*/max_freq_khz", 0},
	{POWERCAP_PATH "/intel-rapl*/constraint_[0-9]_power_limit_uw", POWER_UNIT_UW},
	{POWERCAP_PATH "/intel-rapl*/enabled", 0},
};

struct collector {
	struct tune_entries *list;
	const struct machine *m;
	const struct topology *t;
	const char *key;
};

static struct tune_entry *append(struct tune_entries *list, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (fnmatch(files[i].pattern, path, FNM_PATHNAME) != 0)
			continue;
		list->items = xreallocarray(list->items, list->n + 1, sizeof *list->items);
		list->items[list->n] =
			(struct tune_entry){.path = xstrdup(path), .tolerance = files[i].tolerance};
		return &list->items[list->n++];
	}
	return NULL;
}

bool tune_take_journalled(struct tune_entries *list, const char *path, const char *found)
{
	struct tune_entry *e = append(list, path);

	if (e == NULL)
		return false;
	e->found = xstrdup(found);
	e->wanted = xstrdup(found);
	return true;
}

void tune_entries_done(struct tune_entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].path);
		free(list->items[i].wanted);
		free(list->items[i].found);
	}
	free(list->items);
	*list = (struct tune_entries){0};
}

/* Add a file unless it is not there, or there already by another name: CPUs of one frequency policy
 * share a folder. */
__attribute__((format(printf, 3, 4))) static void add(
	struct collector *c, const char *wanted, const char *format, ...)
{
	struct stat st, other;
	char path[256];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(path, sizeof path, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof path || fstatat(c->m->root_fd, path, &st, 0) != 0)
		return;
	for (size_t i = 0; i < c->list->n; i++)
		if (fstatat(c->m->root_fd, c->list->items[i].path, &other, 0) == 0 &&
			other.st_dev == st.st_dev && other.st_ino == st.st_ino)
			return;
	struct tune_entry *e = append(c->list, path);
	if (e != NULL)
		e->wanted = xstrdup(wanted);
}

static int add_cpufreq(struct collector *c, const char *file, const char *wanted)
{
	for (size_t i = 0; i < c->t->n; i++)
		add(c, wanted, CPUFREQ_PATH "/%s", c->t->cpus[i].cpu, file);
	return 0;
}

static int collect_governor(struct collector *c, const char *value, struct error *err)
{
	(void)err;
	return add_cpufreq(c, "scaling_governor", value);
}

static int collect_epp(struct collector *c, const char *value, struct error *err)
{
	(void)err;
	return add_cpufreq(c, "energy_performance_preference", value);
}

static int collect_turbo(struct collector *c, const char *value, struct error *err)
{
	bool is_on = strcmp(value, "on") == 0;
	int64_t now;

	if (!is_on && strcmp(value, "off") != 0)
		return error_set(err, -EINVAL, "tune: turbo: '%s': expected on or off", value);
	/* The file is there, too, but cannot be read, where another driver is at work. */
	if (machine_read_int(c->m, &now, NO_TURBO_PATH) == 0)
		add(c, is_on ? "0" : "1", NO_TURBO_PATH);
	else
		add(c, is_on ? "1" : "0", BOOST_PATH);
	return 0;
}

/* A positive number, divided; into out. */
static int parse_number(
	const char *key, const char *value, int divisor, char out[24], struct error *err)
{
	char *end;

	errno = 0;
	long long n = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || n < divisor)
		return error_set(
			err, -EINVAL, "tune: %s: '%s' is no number that could be set", key, value);
	snprintf(out, 24, "%lld", n / divisor);
	return 0;
}

/* The words for the hardware's own bounds. */
static bool is_bound(const char *value)
{
	return strcmp(value, "min") == 0 || strcmp(value, "max") == 0;
}

/* Kinds of cores have bounds of their own: each CPU gets its own. */
static void add_bounds(struct collector *c, const char *file, const char *bound)
{
	for (size_t i = 0; i < c->t->n; i++) {
		char khz[24];
		int cpu = c->t->cpus[i].cpu;
		if (machine_read_line(
			    c->m, khz, sizeof khz, CPUFREQ_PATH "/cpuinfo_%s_freq", cpu, bound) > 0)
			add(c, khz, CPUFREQ_PATH "/%s", cpu, file);
	}
}

static int collect_frequency(struct collector *c, const char *value, struct error *err)
{
	bool is_min = strcmp(c->key, "frequency.min") == 0;
	const char *file = is_min ? "scaling_min_freq" : "scaling_max_freq";
	char khz[24];

	if (is_bound(value)) {
		add_bounds(c, file, value);
		return 0;
	}
	int r = parse_number(c->key, value, 1000, khz, err);
	return r < 0 ? r : add_cpufreq(c, file, khz);
}

/* Call add_one for each entry of a folder that begins so, in the order of their names. Returns how
 * many there were. */
static int each_entry(struct collector *c, const char *folder, const char *prefix,
	void (*add_one)(struct collector *c, const char *name, const char *wanted),
	const char *wanted)
{
	struct dirent **names = NULL;
	int fd = openat(c->m->root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = fd >= 0 ? scandirat(fd, ".", &names, NULL, alphasort) : -1;
	int taken = 0;

	if (fd >= 0)
		close(fd);
	for (int i = 0; i < n; i++) {
		if (strncmp(names[i]->d_name, prefix, strlen(prefix)) == 0) {
			add_one(c, names[i]->d_name, wanted);
			taken++;
		}
		free(names[i]);
	}
	free(names);
	return taken;
}

/* wanted is kHz, or a word for what the part had when the kernel started. */
static void add_uncore(struct collector *c, const char *name, const char *wanted)
{
	char khz[24];

	snprintf(khz, sizeof khz, "%s", wanted);
	if (is_bound(wanted) && machine_read_line(c->m, khz, sizeof khz,
					UNCORE_PATH "/%s/initial_%s_freq_khz", name, wanted) <= 0)
		return;
	add(c, khz, UNCORE_PATH "/%s/max_freq_khz", name);
	add(c, khz, UNCORE_PATH "/%s/min_freq_khz", name);
}

static int collect_uncore(struct collector *c, const char *value, struct error *err)
{
	char khz[24] = "";
	int r = is_bound(value) ? 0 : parse_number(c->key, value, 1000, khz, err);

	if (r < 0)
		return r;
	if (khz[0] == '\0')
		snprintf(khz, sizeof khz, "%s", value);
	/* With TPMI each part of a package has an uncoreNN of its own; the package's folder is then
	 * only for writing all of them at once, and could not put them back one by one. */
	if (each_entry(c, UNCORE_PATH, "uncore", add_uncore, khz) == 0)
		each_entry(c, UNCORE_PATH, "package_", add_uncore, khz);
	return 0;
}

static void add_limit(struct collector *c, const char *zone, const char *uw)
{
	char name[32];

	if (machine_read_line(c->m, name, sizeof name, POWERCAP_PATH "/%s/name", zone) <= 0 ||
		strncmp(name, "package-", 8) != 0)
		return;
	for (int k = 0; k < 4; k++) {
		if (machine_read_line(c->m, name, sizeof name,
			    POWERCAP_PATH "/%s/constraint_%d_name", zone, k) <= 0 ||
			strcmp(name, "long_term") != 0)
			continue;
		add(c, uw, POWERCAP_PATH "/%s/constraint_%d_power_limit_uw", zone, k);
		/* A limit that is not enabled limits nothing. */
		add(c, "1", POWERCAP_PATH "/%s/enabled", zone);
	}
}

static int collect_power_limit(struct collector *c, const char *value, struct error *err)
{
	char uw[24];
	int r = parse_number(c->key, value, 1, uw, err);

	if (r == 0)
		each_entry(c, POWERCAP_PATH, "intel-rapl", add_limit, uw);
	return r;
}

static const struct {
	const char *key;
	int (*collect)(struct collector *c, const char *value, struct error *err);
	const char *missing; /* what a machine without it lacks */
} settings[] = {
	{"governor", collect_governor, CPU_PATH "/cpu*/cpufreq/scaling_governor"},
	{"turbo", collect_turbo, NO_TURBO_PATH " and " BOOST_PATH},
	{"epp", collect_epp, CPU_PATH "/cpu*/cpufreq/energy_performance_preference"},
	{"frequency.min", collect_frequency, CPU_PATH "/cpu*/cpufreq/scaling_min_freq"},
	{"frequency.max", collect_frequency, CPU_PATH "/cpu*/cpufreq/scaling_max_freq"},
	{"uncore", collect_uncore, UNCORE_PATH},
	{"power_limit", collect_power_limit,
		POWERCAP_PATH "/intel-rapl*/constraint_0_power_limit_uw of a package"},
};

bool tune_knows(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].key, key) == 0)
			return true;
	return false;
}

int tune_collect(struct tune_entries *list, const struct machine *m, const struct topology *t,
	const struct message_pair *setting, struct error *err)
{
	struct collector c = {list, m, t, setting->key};
	size_t before = list->n;

	if (setting->value == NULL || strpbrk(setting->value, "\t\r\n") != NULL ||
		setting->value[0] == '\0')
		return error_set(err, -EINVAL, "tune: %s: no value", setting->key);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].key, setting->key) != 0)
			continue;
		int r = settings[i].collect(&c, setting->value, err);
		if (r == 0 && list->n == before)
			r = error_set(err, -ENODEV, "tune: %s: this machine has no %s/%s",
				setting->key, m->root, settings[i].missing);
		return r;
	}
	return error_set(err, -EINVAL, "tune: '%s' is no setting", setting->key);
}

/* The words that the kernel offers beside a file. */
static void add_choices(
	const struct machine *m, const struct tune_entry *e, const char *file, struct buf *out)
{
	const char *slash = strrchr(e->path, '/');
	char line[256];

	if (machine_read_line(
		    m, line, sizeof line, "%.*s/%s", (int)(slash - e->path), e->path, file) > 0)
		buf_addf(out, "; it has: %s", line);
}

void tune_explain(const struct machine *m, const struct tune_entry *e, int code, struct buf *out)
{
	bool is_epp = strstr(e->path, "energy_performance_preference") != NULL;

	if ((code == -EACCES || code == -EPERM) && geteuid() != 0) {
		buf_adds(out, "permission denied; run the agent as root, or leave tune out");
		return;
	}
	buf_adds(out, strerror(-code));
	if (code == -EACCES || code == -EPERM)
		buf_adds(out, "; the firmware has locked it");
	else if (code == -EROFS)
		buf_adds(out, "; a container: mount the host's /sys writable and use --root");
	else if (code == -EBUSY && is_epp)
		buf_adds(out, "; with the governor performance, intel_pstate takes the epp "
			      "performance alone");
	else if (code == -EINVAL && is_epp)
		add_choices(m, e, "energy_performance_available_preferences", out);
	else if (code == -EINVAL && strstr(e->path, "scaling_governor") != NULL)
		add_choices(m, e, "scaling_available_governors", out);
}
