/*
 * perf_event.c - events of performance monitoring units in sysfs, and perf_event_open(2)
 */
#include "agent/sources/perf_event.h"
#include "agent/sources/cpu_sites.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>

int perf_pmu_type(const struct machine *m, const char *pmu, uint32_t *type)
{
	int64_t value;
	int r = machine_read_int(m, &value, PERF_DEVICES "/%s/type", pmu);

	if (r != 0)
		return r;
	if (value < 0 || value > UINT32_MAX)
		return -EINVAL;
	*type = (uint32_t)value;
	return 0;
}

int perf_pmu_cpus(const struct machine *m, const char *pmu, int **out, size_t *n)
{
	static const char *const files[] = {"cpumask", "cpus"};
	char line[4096];

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int len = machine_read_line(
			m, line, sizeof line, PERF_DEVICES "/%s/%s", pmu, files[i]);
		if (len > 0)
			return cpu_sites_parse(line, out, n);
		if (len < 0 && len != -ENOENT)
			return len;
	}
	return -ENOENT;
}

/* ---- scale ---- */

/* Divide both by divisor as long as both have it. */
static void reduce_by(unsigned __int128 *a, unsigned __int128 *b, unsigned divisor)
{
	while (*a % divisor == 0 && *b % divisor == 0 && *a > 0) {
		*a /= divisor;
		*b /= divisor;
	}
}

/* Digits with a point among them; *shift is how many follow it. */
static const char *take_mantissa(const char *p, unsigned __int128 *out, int *shift)
{
	const unsigned __int128 most = ~(unsigned __int128)0 / 10 - 1;
	bool has_digit = false, has_point = false;

	*out = 0;
	*shift = 0;
	for (;; p++) {
		if (*p == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		if (*out > most)
			return NULL;
		*out = *out * 10 + (unsigned)(*p - '0');
		*shift += has_point;
		has_digit = true;
	}
	return has_digit ? p : NULL;
}

int perf_scale_parse(struct perf_scale *out, const char *text)
{
	unsigned __int128 a, b = 1;
	long exponent = 0;
	int shift;
	char *end;

	const char *p = take_mantissa(text, &a, &shift);
	if (p == NULL)
		return -EINVAL;
	if (*p == 'e' || *p == 'E') {
		exponent = strtol(p + 1, &end, 10);
		if (end == p + 1)
			return -EINVAL;
		p = end;
	}
	if (*p != '\0')
		return -EINVAL;
	exponent = exponent > 1000 || exponent < -1000 ? -1000 : exponent - shift;
	if (exponent < -38 || exponent > 19)
		return -ERANGE;
	for (; exponent < 0; exponent++)
		b *= 10;
	reduce_by(&a, &b, 2);
	reduce_by(&a, &b, 5);
	for (; exponent > 0 && a <= UINT64_MAX; exponent--)
		a *= 10;
	if (a == 0 || a > UINT64_MAX || b > UINT64_MAX)
		return -ERANGE;
	*out = (struct perf_scale){(uint64_t)a, (uint64_t)b};
	return 0;
}

int64_t perf_scale_apply(const struct perf_scale *s, uint64_t count, uint32_t times)
{
	unsigned __int128 factor = (unsigned __int128)s->numerator * times;
	unsigned __int128 divisor = s->denominator;
	unsigned __int128 whole, rest;

	reduce_by(&factor, &divisor, 2);
	reduce_by(&factor, &divisor, 5);
	/* factor is under 2^96: whole parts and the rest apart, so that the product fits. */
	if (factor > 0 && count > ~(unsigned __int128)0 / factor) {
		whole = count / divisor;
		rest = count % divisor;
		if (whole > INT64_MAX / factor)
			return INT64_MAX;
		if (rest > ~(unsigned __int128)0 / factor)
			return INT64_MAX; /* over 2^64 even after the division */
		whole = whole * factor + rest * factor / divisor;
	} else {
		whole = count * factor / divisor;
	}
	return whole > INT64_MAX ? INT64_MAX : (int64_t)whole;
}

/* ---- events ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void each_name(DIR *d, void (*each)(void *arg, const char *event), void *arg, size_t *n)
{
	char *names[1024] = {NULL};
	struct dirent *e;

	*n = 0;
	while ((e = readdir(d)) != NULL && *n < ARRAY_SIZE(names))
		if (strchr(e->d_name, '.') == NULL)
			names[(*n)++] = xstrdup(e->d_name);
	qsort(names, *n, sizeof *names, compare_names);
	for (size_t i = 0; i < *n; i++) {
		each(arg, names[i]);
		free(names[i]);
	}
}

size_t perf_pmu_events(const struct machine *m, const char *pmu,
	void (*each)(void *arg, const char *event), void *arg)
{
	char path[256];
	size_t n;

	snprintf(path, sizeof path, PERF_DEVICES "/%s/events", pmu);
	int fd = openat(m->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	each_name(d, each, arg, &n);
	closedir(d);
	return n;
}

static bool take_bit(const char **p, int *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	long n = strtol(*p, &end, 10);
	*p = end;
	*out = n < 64 ? (int)n : 64;
	return n < 64;
}

/* The bits low to high of a config word get the next low bits of a value. Returns what is left of
 * it. */
static uint64_t put_bits(uint64_t *word, int low, int high, uint64_t value)
{
	int width = high - low + 1;
	uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;

	*word = (*word & ~(mask << low)) | (value & mask) << low;
	return width == 64 ? 0 : value >> width;
}

static uint64_t *word_of(struct perf_event *e, const char *name, size_t len)
{
	if (len == 6 && memcmp(name, "config", 6) == 0)
		return &e->config;
	if (len == 7 && memcmp(name, "config1", 7) == 0)
		return &e->config1;
	if (len == 7 && memcmp(name, "config2", 7) == 0)
		return &e->config2;
	return NULL;
}

/* Put a value where "config:0-7,32-35" says. False where that makes no sense or it is too large. */
static bool put_value(struct perf_event *e, const char *format, uint64_t value)
{
	size_t len = strcspn(format, ":");
	uint64_t *word = word_of(e, format, len);
	const char *p = format + len;
	int low, high;

	if (word == NULL || *p != ':')
		return false;
	do {
		p++;
		if (!take_bit(&p, &low))
			return false;
		high = low;
		if (*p == '-' && (p++, !take_bit(&p, &high)))
			return false;
		if (high < low)
			return false;
		value = put_bits(word, low, high, value);
	} while (*p == ',');
	return *p == '\0' && value == 0;
}

static int take_term(struct perf_event *e, const struct machine *m, const char *pmu,
	const char *term, struct error *err)
{
	const char *equals = strchr(term, '=');
	char name[64], format[128], *end;
	size_t len = equals != NULL ? (size_t)(equals - term) : strlen(term);
	uint64_t value = 1;

	if (equals != NULL) {
		errno = 0;
		value = strtoull(equals + 1, &end, 0);
		if (end == equals + 1 || *end != '\0' || errno != 0)
			return error_set(
				err, -EINVAL, "perf event of %s: '%s' is no number", pmu, term);
	}
	uint64_t *word = word_of(e, term, len);
	if (word != NULL) {
		*word = value;
		return 0;
	}
	if (len == 0 || len >= sizeof name || memchr(term, '/', len) != NULL)
		return error_set(err, -EINVAL, "perf event of %s: bad term '%s'", pmu, term);
	memcpy(name, term, len);
	name[len] = '\0';
	if (machine_read_line(m, format, sizeof format, PERF_DEVICES "/%s/format/%s", pmu, name) <=
		0)
		return error_set(err, -EINVAL,
			"perf event of %s: unknown term '%s'; " PERF_DEVICES
			"/%s/format lists them",
			pmu, name, pmu);
	if (!put_value(e, format, value))
		return error_set(err, -EINVAL, "perf event of %s: '%s' does not fit '%s'", pmu,
			term, format);
	return 0;
}

int perf_event_parse(struct perf_event *out, const struct machine *m, const char *pmu,
	const char *terms, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(terms);
	char *rest = copy, *term;

	*out = (struct perf_event){.scale = {1, 1}};
	int r = perf_pmu_type(m, pmu, &out->type);
	if (r != 0)
		return error_set(err, r, "perf unit %s: %s/" PERF_DEVICES "/%s/type: %s", pmu,
			m->root, pmu, strerror(-r));
	while ((term = strsep(&rest, ",")) != NULL) {
		r = take_term(out, m, pmu, term, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int perf_event_find(struct perf_event *out, const struct machine *m, const char *pmu,
	const char *event, struct error *err)
{
	char line[256];

	if (event[0] == '\0' || strchr(event, '/') != NULL || strchr(event, '.') != NULL)
		return error_set(err, -EINVAL, "perf event '%s' of %s: bad name", event, pmu);
	int n = machine_read_line(m, line, sizeof line, PERF_DEVICES "/%s/events/%s", pmu, event);
	if (n <= 0)
		return error_set(err, n == 0 ? -EINVAL : n,
			"perf event %s of %s: %s/" PERF_DEVICES "/%s/events/%s: %s", event, pmu,
			m->root, pmu, event, n == 0 ? "empty" : strerror(-n));
	int r = perf_event_parse(out, m, pmu, line, err);
	if (r != 0)
		return r;
	if (machine_read_line(
		    m, line, sizeof line, PERF_DEVICES "/%s/events/%s.scale", pmu, event) > 0) {
		r = perf_scale_parse(&out->scale, line);
		if (r != 0)
			return error_set(err, -EINVAL, "perf event %s of %s: scale '%s' is odd",
				event, pmu, line);
	}
	machine_read_line(
		m, out->unit, sizeof out->unit, PERF_DEVICES "/%s/events/%s.unit", pmu, event);
	return 0;
}

/* ---- the system call ---- */

int perf_event_open_on(const struct perf_event *e, pid_t pid, int cpu, int group_fd, unsigned flags)
{
	struct perf_event_attr attr = {
		.size = sizeof attr,
		.type = e->type,
		.config = e->config,
		.config1 = e->config1,
		.config2 = e->config2,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.inherit = (flags & PERF_OPEN_INHERIT) != 0,
		.disabled = (flags & (PERF_OPEN_STOPPED | PERF_OPEN_ON_EXEC)) != 0,
		.enable_on_exec = (flags & PERF_OPEN_ON_EXEC) != 0,
		.exclude_kernel = (flags & PERF_OPEN_USER) != 0,
		.exclude_hv = (flags & PERF_OPEN_USER) != 0,
	};

	if (flags & PERF_OPEN_GROUP)
		attr.read_format |= PERF_FORMAT_GROUP;
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, group_fd, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int perf_event_read(int fd, struct perf_reading *out)
{
	uint64_t words[3];
	ssize_t n = read(fd, words, sizeof words);

	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof words)
		return -EIO;
	*out = (struct perf_reading){words[0], words[1], words[2]};
	return 0;
}

int perf_event_refused(
	struct error *why, const struct machine *m, int code, int level, const char *what)
{
	int64_t paranoid;

	switch (code) {
	case -EACCES:
	case -EPERM:
		if (machine_read_int(m, &paranoid, "proc/sys/kernel/perf_event_paranoid") == 0 &&
			paranoid > level)
			return error_set(why, code,
				"%s needs kernel.perf_event_paranoid <= %d (it is %d) or "
				"CAP_PERFMON: `sudo sysctl kernel.perf_event_paranoid=%d` or `sudo "
				"setcap cap_perfmon=ep` on joulerig-agent",
				what, level, (int)paranoid, level);
		return error_set(why, code,
			"%s needs CAP_PERFMON here: a container needs `--cap-add PERFMON` and a "
			"seccomp profile that allows perf_event_open; else `sudo setcap "
			"cap_perfmon=ep` on joulerig-agent",
			what);
	case -ENOSYS:
		return error_set(why, code, "%s: this kernel has no perf_event_open", what);
	case -ENOENT:
	case -EOPNOTSUPP:
		return error_set(why, code, "%s: this machine does not count that", what);
	case -EMFILE:
		return error_set(why, code,
			"%s: too many open files; raise the limit with `ulimit -n`", what);
	default:
		return error_set(why, code, "%s: perf_event_open: %s", what, strerror(-code));
	}
}
