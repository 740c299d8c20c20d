#include "agent/machine_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define HWMON_PATH   "sys/class/hwmon"
#define THERMAL_PATH "sys/class/thermal"
#define SUPPLY_PATH  "sys/class/power_supply"

void machine_governor(const struct machine *m, int cpu, char out[GOVERNOR_SIZE])
{
	if (machine_read_line(m, out, GOVERNOR_SIZE, CPUFREQ_PATH "/scaling_governor", cpu) <= 0)
		out[0] = '\0';
}

int64_t machine_turbo(const struct machine *m)
{
	int64_t value;

	if (machine_read_int(m, &value, NO_TURBO_PATH) == 0)
		return value == 0;
	if (machine_read_int(m, &value, BOOST_PATH) == 0)
		return value != 0;
	return ABSENT;
}

int64_t machine_base_frequency(const struct machine *m, int cpu)
{
	int64_t value;

	/* Bounds: no unit can make it overflow, and 0 is no frequency. */
	if (machine_read_int(m, &value, CPUFREQ_PATH "/base_frequency", cpu) == 0 && value > 0 &&
		value <= INT64_C(1000000000))
		return value * 1000;
	if (machine_read_int(m, &value, CPU_PATH "/cpu%d/acpi_cppc/nominal_freq", cpu) == 0 &&
		value > 0 && value <= 1000000)
		return value * 1000000;
	return ABSENT;
}

/* The first lines of proc/cpuinfo's first CPU: the kernel makes no more of that file than is read.
 */
static void read_cpuinfo_microcode(const struct machine *m, char out[24])
{
	char text[512];
	_cleanup_close_ int fd = openat(m->root_fd, "proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (n <= 0)
		return;
	text[n] = '\0';
	const char *p = strstr(text, "\nmicrocode");
	if (p == NULL || sscanf(p, "\nmicrocode : %23[^\n]", out) != 1)
		out[0] = '\0';
}

void machine_microcode(const struct machine *m, int cpu, char out[24])
{
	if (machine_read_line(m, out, 24, CPU_PATH "/cpu%d/microcode/version", cpu) <= 0) {
		out[0] = '\0';
		read_cpuinfo_microcode(m, out);
	}
}

static DIR *open_dir(const struct machine *m, const char *path)
{
	int fd = openat(m->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

/* The next entry that begins so, and is of a length that fits paths here; NULL at the end. */
static const char *next_entry(DIR *dir, const char *prefix)
{
	struct dirent *e;

	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && strlen(e->d_name) < 40 &&
			strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			return e->d_name;
	return NULL;
}

static bool is_package_label(const char *driver, const char *label)
{
	if (strcmp(driver, "coretemp") == 0)
		return strncmp(label, "Package id ", 11) == 0 ||
		       strncmp(label, "Physical id ", 12) == 0;
	return strcmp(driver, "k10temp") == 0 && strcmp(label, "Tctl") == 0;
}

static bool take_sensor(const struct machine *m, const char *path, const char *label,
	struct temperature_sensor *out)
{
	int64_t value;

	*out = (struct temperature_sensor){0};
	snprintf(out->path, sizeof out->path, "%s", path);
	snprintf(out->label, sizeof out->label, "%s", label);
	return machine_read_int(m, &value, "%s", out->path) == 0;
}

/* A driver has its sensors one after the other, from temp1, with gaps where cores are missing. */
static size_t scan_hwmon(const struct machine *m, const char *folder, const char *driver,
	struct temperature_sensor *out, size_t size)
{
	char path[96], label[32];
	size_t n = 0;

	for (int k = 1; k <= 16 && n < size; k++) {
		if (machine_read_line(m, label, sizeof label, HWMON_PATH "/%s/temp%d_label", folder,
			    k) <= 0 ||
			!is_package_label(driver, label))
			continue;
		snprintf(path, sizeof path, HWMON_PATH "/%s/temp%d_input", folder, k);
		n += take_sensor(m, path, label, &out[n]);
	}
	return n;
}

static size_t scan_thermal(const struct machine *m, struct temperature_sensor *out, size_t size)
{
	DIR *dir = open_dir(m, THERMAL_PATH);
	const char *name;
	size_t n = 0;

	if (dir == NULL)
		return 0;
	while (n < size && (name = next_entry(dir, "thermal_zone")) != NULL) {
		char path[96], type[32];
		if (machine_read_line(m, type, sizeof type, THERMAL_PATH "/%s/type", name) <= 0 ||
			strcmp(type, "x86_pkg_temp") != 0)
			continue;
		snprintf(path, sizeof path, THERMAL_PATH "/%s/temp", name);
		n += take_sensor(m, path, type, &out[n]);
	}
	closedir(dir);
	return n;
}

size_t machine_temperature_sensors(
	const struct machine *m, struct temperature_sensor *out, size_t size)
{
	DIR *dir = open_dir(m, HWMON_PATH);
	const char *name;
	size_t n = 0;

	while (dir != NULL && n < size && (name = next_entry(dir, "hwmon")) != NULL) {
		char driver[32];
		if (machine_read_line(m, driver, sizeof driver, HWMON_PATH "/%s/name", name) > 0)
			n += scan_hwmon(m, name, driver, out + n, size - n);
	}
	if (dir != NULL)
		closedir(dir);
	return n > 0 ? n : scan_thermal(m, out, size);
}

int64_t machine_temperature(const struct machine *m, const struct temperature_sensor *s)
{
	int64_t value;

	return machine_read_int(m, &value, "%s", s->path) == 0 ? value : ABSENT;
}

/* The numbers of one line: user nice system idle iowait irq softirq steal; guest time is part of
 * user time. */
static bool parse_times(const char *numbers, struct machine_cpu_time *out)
{
	int64_t tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	long long f[8];

	if (sscanf(numbers, "%lld %lld %lld %lld %lld %lld %lld %lld", &f[0], &f[1], &f[2], &f[3],
		    &f[4], &f[5], &f[6], &f[7]) != 8)
		return false;
	for (int i = 0; i < 8; i++)
		if (f[i] < 0 || f[i] > INT64_MAX / 8 / tick_ns)
			return false;
	out->busy = (f[0] + f[1] + f[2] + f[5] + f[6]) * tick_ns;
	out->stolen = f[7] * tick_ns;
	return true;
}

void machine_cpu_time(const struct machine *m, struct machine_cpu_time *out)
{
	char line[256];

	if (machine_read_line(m, line, sizeof line, "proc/stat") <= 0 ||
		strncmp(line, "cpu ", 4) != 0 || !parse_times(line + 4, out))
		*out = (struct machine_cpu_time){ABSENT, ABSENT};
}

static void take_cpu(const char *line, const int *cpus, size_t n, int64_t *each)
{
	struct machine_cpu_time t;
	char *numbers;
	long cpu = strtol(line + 3, &numbers, 10);

	for (size_t i = 0; i < n; i++)
		if (cpus[i] == cpu && parse_times(numbers, &t))
			each[i] = t.busy;
}

void machine_cpu_times(const struct machine *m, struct machine_cpu_time *out, const int *cpus,
	size_t n, int64_t *each)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	*out = (struct machine_cpu_time){ABSENT, ABSENT};
	for (size_t i = 0; i < n; i++)
		each[i] = ABSENT;
	if (buf_read_file(&text, m->root_fd, "proc/stat", 4 << 20) != 0 ||
		strncmp(text.data, "cpu ", 4) != 0 || !parse_times(text.data + 4, out))
		return;
	/* Lines of single CPUs follow that of all of them. */
	for (const char *p = strchr(text.data, '\n'); p != NULL && strncmp(p, "\ncpu", 4) == 0;
		p = strchr(p + 1, '\n'))
		take_cpu(p + 1, cpus, n, each);
}

/* "pswpin 12" on a line of its own; ABSENT where there is none. */
static int64_t find_count(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; (p = strstr(p, key)) != NULL; p += len) {
		char *end;
		if ((p != text && p[-1] != '\n') || p[len] != ' ')
			continue;
		errno = 0;
		int64_t value = strtoll(p + len + 1, &end, 10);
		return end != p + len + 1 && errno == 0 && value >= 0 ? value : ABSENT;
	}
	return ABSENT;
}

/* A heading, then a line for each place to swap to. */
static bool has_no_swap(const struct machine *m)
{
	char text[256];
	_cleanup_close_ int fd = openat(m->root_fd, "proc/swaps", O_RDONLY | O_CLOEXEC);
	int n = fd >= 0 ? machine_read_start(fd, text, sizeof text) : -1;

	return n > 0 && strchr(text, '\n') == text + n - 1;
}

int64_t machine_swapped_pages(const struct machine *m)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (has_no_swap(m) || buf_read_file(&text, m->root_fd, "proc/vmstat", 1 << 20) != 0)
		return ABSENT;
	int64_t in = find_count(text.data, "pswpin"), out = find_count(text.data, "pswpout");
	return in == ABSENT || out == ABSENT || in > INT64_MAX - out ? ABSENT : in + out;
}

int64_t machine_is_on_mains(const struct machine *m)
{
	DIR *dir = open_dir(m, SUPPLY_PATH);
	bool is_fed = false, is_unplugged = false, has_battery = false, is_discharging = false;
	const char *name;

	if (dir == NULL)
		return ABSENT;
	while ((name = next_entry(dir, "")) != NULL) {
		char type[32], word[32];
		int64_t online;
		if (machine_read_line(m, type, sizeof type, SUPPLY_PATH "/%s/type", name) <= 0)
			continue;
		if (machine_read_line(m, word, sizeof word, SUPPLY_PATH "/%s/scope", name) > 0 &&
			strcmp(word, "Device") == 0)
			continue;
		if (strcmp(type, "Battery") == 0) {
			has_battery = true;
			is_discharging |= machine_read_line(m, word, sizeof word,
						  SUPPLY_PATH "/%s/status", name) > 0 &&
					  strcmp(word, "Discharging") == 0;
		} else if (machine_read_int(m, &online, SUPPLY_PATH "/%s/online", name) == 0) {
			is_fed |= online != 0;
			is_unplugged |= online == 0;
		}
	}
	closedir(dir);
	return is_fed || !has_battery || (!is_unplugged && !is_discharging);
}
