/*
 * meter - a powercap tree whose energy counters advance by a known power, for tests that know the
 * truth
 *
 * Mounts MOUNTPOINT/sys/class/powercap/intel-rapl:N with name, energy_uj, max_energy_range_uj and
 * so on, so that
 * `--root MOUNTPOINT` measures it; everything else that a reader of a machine wants is a link to
 * this machine's own. Counters advance in steps by CLOCK_MONOTONIC_RAW. MOUNTPOINT/truth tells the
 * energy of each zone up to the time of reading, without steps and wraps, and
 * MOUNTPOINT/truth@BEGIN-END that of an interval between two such times. "NAME POWER [DURATION]"
 * written to MOUNTPOINT/power changes a zone's power from then on, or for so long; "NAME reset",
 * "NAME jump" and "NAME gone" do at once what the keys of these names do after a time.
 */
#define FUSE_USE_VERSION 31
#include "proto/base.h"
#include "proto/clock.h"
#include "proto/units.h"

#include <errno.h>
#include <fuse.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define MAX_ZONES  64
#define MAX_PIECES 64

/* From a time since the start on, a power; and the energy up to then. */
struct change {
	int64_t time_ns, power_uw, energy_uj;
};

enum zone_mode { MODE_OK, MODE_DENIED, MODE_BROKEN };

struct zone {
	char id[48]; /* "intel-rapl:0:1" */
	char name[64];
	int parent; /* -1: at the top */
	int children;
	int64_t power_uw;
	struct { /* power over time, from the start on and again and again; n 0: power_uw */
		int64_t power_uw[MAX_PIECES], time_ns[MAX_PIECES];
		size_t n;
	} pieces;
	struct change *changes; /* owned; what was written to power, in the order of time */
	size_t changes_n;
	int64_t phase_ns, jitter_ns; /* updates come at phase + k steps + [0, jitter) */
	int64_t jump_ns, jump_uj;    /* after this time the counter alone is so much further;
					ABSENT: never */
	int64_t range_uj;            /* 0: no max_energy_range_uj file */
	int64_t start_uj;
	int64_t unit_uj; /* the counter counts in these */
	int64_t max_power_uw;
	int64_t reset_ns; /* after this time it starts at 0 again; ABSENT: never */
	int64_t gone_ns;  /* after this time it cannot be read; ABSENT: never */
	enum zone_mode mode;
};

static struct {
	struct zone zones[MAX_ZONES];
	size_t n;
	int top;
	int64_t step_ns;
	int64_t start_ns; /* CLOCK_MONOTONIC_RAW at which the counters stood at their start values
			   */
} meter = {.step_ns = NS_PER_MS};

static const struct {
	const char *path, *target;
} links[] = {
	{"/proc", "/proc"},
	{"/sys/devices", "/sys/devices"},
	{"/sys/bus", "/sys/bus"},
	{"/sys/kernel", "/sys/kernel"},
	{"/sys/fs", "/sys/fs"},
	{"/sys/class/dmi", "/sys/class/dmi"},
	{"/sys/class/hwmon", "/sys/class/hwmon"},
	{"/sys/class/thermal", "/sys/class/thermal"},
};

static const char *const dirs[] = {
	"/", "/sys", "/sys/class", "/sys/class/powercap", "/sys/class/powercap/intel-rapl"};

#define POWERCAP "/sys/class/powercap/"

/* ---- the physics ---- */

static int64_t energy_after(const struct change *c, int64_t time_ns)
{
	return c->energy_uj + (int64_t)((__int128)c->power_uw * (time_ns - c->time_ns) / NS_PER_S);
}

/* Energy in the first time_ns since the start, without wraps. */
static int64_t true_energy_uj(const struct zone *z, int64_t time_ns)
{
	__int128 cycle = 0, energy = 0;
	int64_t cycle_ns = 0;

	if (time_ns <= 0)
		return 0;
	for (size_t i = z->changes_n; i > 0; i--)
		if (z->changes[i - 1].time_ns <= time_ns)
			return energy_after(&z->changes[i - 1], time_ns);
	if (z->pieces.n == 0)
		return (int64_t)((__int128)z->power_uw * time_ns / NS_PER_S);
	for (size_t i = 0; i < z->pieces.n; i++) {
		cycle += (__int128)z->pieces.power_uw[i] * z->pieces.time_ns[i];
		cycle_ns += z->pieces.time_ns[i];
	}
	energy = cycle * (time_ns / cycle_ns);
	time_ns %= cycle_ns;
	for (size_t i = 0; i < z->pieces.n && time_ns > 0; i++) {
		int64_t part = time_ns < z->pieces.time_ns[i] ? time_ns : z->pieces.time_ns[i];
		energy += (__int128)z->pieces.power_uw[i] * part;
		time_ns -= part;
	}
	return (int64_t)(energy / NS_PER_S);
}

/* When the k-th update comes, since the start. The same k has the same jitter each time. */
static int64_t update_ns(const struct zone *z, int64_t k)
{
	uint64_t x = ((uint64_t)k + 1) * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(z - meter.zones);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return k * meter.step_ns + z->phase_ns +
	       (z->jitter_ns > 0 ? (int64_t)(x % (uint64_t)z->jitter_ns) : 0);
}

/* The same as far as the steps have come. */
static int64_t stepped_energy_uj(const struct zone *z, int64_t time_ns)
{
	int64_t k = time_ns / meter.step_ns + 1;

	while (update_ns(z, k) > time_ns)
		k--;
	return true_energy_uj(z, update_ns(z, k));
}

/* As the driver has it: the unit that makes 2^32 - 1 of them the range. */
static int64_t modulus_uj(const struct zone *z)
{
	const int64_t turns = INT64_C(0xffffffff);

	return z->range_uj + (int64_t)(((__int128)z->range_uj * 1000 + turns / 2) / turns) / 1000;
}

static int64_t counter_uj(const struct zone *z, int64_t now_ns)
{
	int64_t time_ns = now_ns - meter.start_ns;
	int64_t total = z->start_uj + stepped_energy_uj(z, time_ns);

	if (z->reset_ns != ABSENT && time_ns >= z->reset_ns)
		total -= z->start_uj + true_energy_uj(z, z->reset_ns);
	if (z->jump_ns != ABSENT && time_ns >= z->jump_ns)
		total += z->jump_uj;
	if (total < 0)
		total = 0;
	if (z->range_uj > 0)
		total %= modulus_uj(z);
	return total / z->unit_uj * z->unit_uj;
}

static void add_change(struct zone *z, int64_t time_ns, int64_t power_uw)
{
	struct change c = {time_ns, power_uw, true_energy_uj(z, time_ns)};

	z->changes = xreallocarray(z->changes, z->changes_n + 1, sizeof *z->changes);
	z->changes[z->changes_n++] = c;
}

/* A power from now on, or for duration_ns (ABSENT: for good), then what it was before. */
static void change_power(struct zone *z, int64_t power_uw, int64_t duration_ns)
{
	int64_t now_ns = clock_raw_ns() - meter.start_ns;

	if (z->changes_n == 0)
		add_change(z, 0, z->power_uw);
	/* The end of a power that was to last longer does not come any more. */
	while (z->changes[z->changes_n - 1].time_ns > now_ns)
		z->changes_n--;
	add_change(z, now_ns, power_uw);
	if (duration_ns == ABSENT)
		z->power_uw = power_uw;
	else
		add_change(z, now_ns + duration_ns, z->power_uw);
}

/* ---- the tree ---- */

static const struct zone *zone_of(const char *path, const char **file)
{
	const size_t skip = strlen(POWERCAP);

	if (strncmp(path, POWERCAP, skip) != 0)
		return NULL;
	for (size_t i = 0; i < meter.n; i++) {
		size_t len = strlen(meter.zones[i].id);
		if (strncmp(path + skip, meter.zones[i].id, len) != 0)
			continue;
		*file = path + skip + len;
		if (**file == '\0')
			return &meter.zones[i];
		if (**file == '/') {
			(*file)++;
			return &meter.zones[i];
		}
	}
	return NULL;
}

static const char *const zone_files[] = {"name", "energy_uj", "max_energy_range_uj", "enabled",
	"constraint_0_name", "constraint_0_power_limit_uw", "constraint_0_max_power_uw"};

static bool has_file(const struct zone *z, const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_files); i++)
		if (strcmp(zone_files[i], file) == 0)
			return z->range_uj > 0 || strcmp(file, "max_energy_range_uj") != 0;
	return false;
}

/* The content of a zone's file. Returns 0 or -errno. */
static int render_file(struct buf *out, const struct zone *z, const char *file)
{
	int64_t now_ns = clock_raw_ns();

	if (strcmp(file, "name") == 0)
		buf_addf(out, "%s\n", z->name);
	else if (strcmp(file, "max_energy_range_uj") == 0)
		buf_addf(out, "%lld\n", (long long)z->range_uj);
	else if (strcmp(file, "enabled") == 0)
		buf_adds(out, "1\n");
	else if (strcmp(file, "constraint_0_name") == 0)
		buf_adds(out, "long_term\n");
	else if (strncmp(file, "constraint_0_", 13) == 0)
		buf_addf(out, "%lld\n", (long long)z->max_power_uw);
	else if (z->mode == MODE_BROKEN)
		return -EIO;
	else if (z->gone_ns != ABSENT && now_ns - meter.start_ns >= z->gone_ns)
		return -ENODEV;
	else
		buf_addf(out, "%lld\n", (long long)counter_uj(z, now_ns));
	return 0;
}

/* "time_ns N" since the start, then "NAME UJ" for each zone at that very time. */
static void render_truth(struct buf *out)
{
	int64_t time_ns = clock_raw_ns() - meter.start_ns;

	buf_addf(out, "time_ns %lld\n", (long long)time_ns);
	for (size_t i = 0; i < meter.n; i++)
		buf_addf(out, "%s %lld\n", meter.zones[i].name,
			(long long)true_energy_uj(&meter.zones[i], time_ns));
}

/* BEGIN and END of "/truth@BEGIN-END", in CLOCK_MONOTONIC_RAW. */
static bool is_interval(const char *path, int64_t *begin_ns, int64_t *end_ns)
{
	long long begin, end;
	int len = 0;

	if (sscanf(path, "/truth@%lld-%lld%n", &begin, &end, &len) != 2 || path[len] != '\0')
		return false;
	*begin_ns = begin;
	*end_ns = end;
	return true;
}

/* "NAME UJ" for each zone, from one time to another. */
static void render_interval(struct buf *out, int64_t begin_ns, int64_t end_ns)
{
	for (size_t i = 0; i < meter.n; i++) {
		const struct zone *z = &meter.zones[i];
		buf_addf(out, "%s %lld\n", z->name,
			(long long)(true_energy_uj(z, end_ns - meter.start_ns) -
				    true_energy_uj(z, begin_ns - meter.start_ns)));
	}
}

static bool is_dir(const char *path)
{
	const char *file;
	const struct zone *z = zone_of(path, &file);

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (strcmp(path, dirs[i]) == 0)
			return true;
	return z != NULL && *file == '\0';
}

static const char *link_target(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (strcmp(path, links[i].path) == 0)
			return links[i].target;
	return NULL;
}

static int meter_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	const char *file = "";
	const struct zone *z = zone_of(path, &file);
	int64_t begin_ns, end_ns;

	(void)fi;
	memset(st, 0, sizeof *st);
	st->st_nlink = 1;
	if (is_dir(path)) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	} else if (link_target(path) != NULL) {
		st->st_mode = S_IFLNK | 0777;
	} else if (strcmp(path, "/power") == 0) {
		st->st_mode = S_IFREG | 0200;
	} else if (strcmp(path, "/truth") == 0 || is_interval(path, &begin_ns, &end_ns)) {
		st->st_mode = S_IFREG | 0444;
	} else if (z != NULL && has_file(z, file)) {
		st->st_mode = S_IFREG | (strcmp(file, "energy_uj") == 0 ? 0400 : 0444);
		st->st_size = 4096; /* as sysfs has it */
	} else {
		return -ENOENT;
	}
	return 0;
}

static int meter_readlink(const char *path, char *out, size_t size)
{
	const char *target = link_target(path);

	if (target == NULL)
		return -EINVAL;
	snprintf(out, size, "%s", target);
	return 0;
}

/* Every entry whose path is dir + "/" + name without another slash. */
static void fill_child(const char *dir, const char *path, void *out, fuse_fill_dir_t fill)
{
	size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	if (strncmp(path, dir, len) == 0 && path[len] == '/' && path[len + 1] != '\0' &&
		strchr(path + len + 1, '/') == NULL)
		fill(out, path + len + 1, NULL, 0, 0);
}

static int meter_readdir(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
	struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	char full[160];
	const char *file = "";
	const struct zone *z = zone_of(path, &file);

	(void)offset;
	(void)fi;
	(void)flags;
	if (!is_dir(path))
		return -ENOTDIR;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		fill_child(path, dirs[i], out, fill);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		fill_child(path, links[i].path, out, fill);
	fill_child(path, "/truth", out, fill);
	fill_child(path, "/power", out, fill);
	for (size_t i = 0; i < meter.n; i++) {
		snprintf(full, sizeof full, POWERCAP "%s", meter.zones[i].id);
		fill_child(path, full, out, fill);
	}
	for (size_t i = 0; z != NULL && i < ARRAY_SIZE(zone_files); i++)
		if (has_file(z, zone_files[i]))
			fill(out, zone_files[i], NULL, 0, 0);
	return 0;
}

static int meter_open(const char *path, struct fuse_file_info *fi)
{
	const char *file = "";
	const struct zone *z = zone_of(path, &file);

	fi->direct_io = 1; /* each read is a reading */
	if (strcmp(path, "/power") == 0)
		return (fi->flags & O_ACCMODE) == O_WRONLY ? 0 : -EACCES;
	if ((fi->flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	if (z != NULL && z->mode == MODE_DENIED && strcmp(file, "energy_uj") == 0)
		return -EACCES;
	return 0;
}

static int meter_read(
	const char *path, char *out, size_t size, off_t offset, struct fuse_file_info *fi)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *file = "";
	const struct zone *z = zone_of(path, &file);
	int64_t begin_ns, end_ns;

	(void)fi;
	if (z != NULL) {
		int r = render_file(&text, z, file);
		if (r != 0)
			return r;
	} else if (is_interval(path, &begin_ns, &end_ns)) {
		render_interval(&text, begin_ns, end_ns);
	} else {
		render_truth(&text);
	}
	if (offset < 0 || (size_t)offset >= text.len)
		return 0;
	size_t n = text.len - (size_t)offset;
	n = n < size ? n : size;
	memcpy(out, text.data + offset, n);
	return (int)n;
}

/* "50W", "1.5W", "300mW" in uW. */
static bool read_power(const char *value, int64_t *power_uw)
{
	char *end;
	double n = strtod(value, &end);

	if (end == value || !(n >= 0) || n > 1e6)
		return false;
	if (strcmp(end, "W") == 0)
		*power_uw = (int64_t)(n * 1e6 + 0.5);
	else if (strcmp(end, "mW") == 0)
		*power_uw = (int64_t)(n * 1e3 + 0.5);
	else
		return false;
	return true;
}

/* What else a zone can be told: returns whether it was that. */
static bool take_event(struct zone *z, const char *event)
{
	int64_t now_ns = clock_raw_ns() - meter.start_ns;

	if (strcmp(event, "reset") == 0)
		z->reset_ns = now_ns;
	else if (strcmp(event, "jump") == 0)
		z->jump_ns = now_ns;
	else if (strcmp(event, "gone") == 0)
		z->gone_ns = now_ns;
	else
		return false;
	return true;
}

/* Returns whether the zone can do so. */
static bool take_order(struct zone *z, const char *what, const char *duration)
{
	int64_t power_uw, duration_ns = ABSENT;
	struct error err = {0};

	if (duration == NULL && take_event(z, what))
		return true;
	if (z->pieces.n > 0 || !read_power(what, &power_uw) ||
		(duration != NULL && units_parse_duration(duration, &duration_ns, &err) != 0))
		return false;
	change_power(z, power_uw, duration_ns);
	return true;
}

/* "NAME POWER [DURATION]" or "NAME EVENT" */
static int meter_write(
	const char *path, const char *data, size_t size, off_t offset, struct fuse_file_info *fi)
{
	char text[160] = "", name[64], what[32], duration[32];

	(void)path; /* nothing else can be opened for writing */
	(void)offset;
	(void)fi;
	memcpy(text, data, size < sizeof text ? size : sizeof text - 1);
	int words = sscanf(text, "%63s %31s %31s", name, what, duration);
	for (size_t i = 0; i < meter.n && words >= 2; i++)
		if (strcmp(meter.zones[i].name, name) == 0 &&
			take_order(&meter.zones[i], what, words == 3 ? duration : NULL))
			return (int)size;
	return -EINVAL;
}

/* A shell's > */
static int meter_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	(void)size;
	(void)fi;
	return strcmp(path, "/power") == 0 ? 0 : -EACCES;
}

static void *meter_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	(void)conn;
	config->attr_timeout = 3600; /* the tree never changes */
	config->entry_timeout = 3600;
	config->negative_timeout = 0;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = meter_init,
	.getattr = meter_getattr,
	.readlink = meter_readlink,
	.readdir = meter_readdir,
	.open = meter_open,
	.read = meter_read,
	.write = meter_write,
	.truncate = meter_truncate,
};

/* ---- options ---- */

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list ap;

	fputs("meter: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static int64_t parse_number(const char *key, const char *value)
{
	struct error err = {0};
	int64_t n;

	if (units_parse_int(value, 0, INT64_MAX, &n, &err) != 0)
		die("%s: %s", key, err.text);
	return n;
}

static int64_t parse_duration(const char *key, const char *value)
{
	struct error err = {0};
	int64_t n;

	if (units_parse_duration(value, &n, &err) != 0)
		die("%s: %s", key, err.text);
	return n;
}

static int64_t parse_power(const char *key, const char *value)
{
	int64_t power_uw;

	if (!read_power(value, &power_uw))
		die("%s: '%s': a power such as 50W was expected", key, value);
	return power_uw;
}

/* "50W@10ms+1.5W@300us" */
static void parse_pieces(struct zone *z, const char *value)
{
	_cleanup_free_ char *copy = xstrdup(value);
	char *save, *part;

	z->pieces.n = 0;
	for (part = strtok_r(copy, "+", &save); part != NULL; part = strtok_r(NULL, "+", &save)) {
		char *at = strchr(part, '@');
		size_t i = z->pieces.n++;
		if (at == NULL || i == MAX_PIECES)
			die("steps '%s': up to %d times POWER@DURATION was expected", value,
				MAX_PIECES);
		*at = '\0';
		z->pieces.power_uw[i] = parse_power("steps", part);
		z->pieces.time_ns[i] = parse_duration("steps", at + 1);
		if (z->pieces.time_ns[i] < 1)
			die("steps '%s': a duration is 0", value);
	}
}

static enum zone_mode parse_mode(const char *value)
{
	static const char *const names[] = {"ok", "denied", "broken"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(value, names[i]) == 0)
			return (enum zone_mode)i;
	die("mode '%s': ok, denied or broken was expected", value);
}

static void set_zone(struct zone *z, const char *key, const char *value)
{
	if (strcmp(key, "name") == 0)
		snprintf(z->name, sizeof z->name, "%s", value);
	else if (strcmp(key, "power") == 0)
		z->power_uw = parse_power(key, value);
	else if (strcmp(key, "steps") == 0)
		parse_pieces(z, value);
	else if (strcmp(key, "phase") == 0)
		z->phase_ns = parse_duration(key, value);
	else if (strcmp(key, "jitter") == 0)
		z->jitter_ns = parse_duration(key, value);
	else if (strcmp(key, "jump") == 0)
		z->jump_ns = parse_duration(key, value);
	else if (strcmp(key, "by") == 0)
		z->jump_uj = parse_number(key, value);
	else if (strcmp(key, "max") == 0)
		z->max_power_uw = parse_power(key, value);
	else if (strcmp(key, "range") == 0)
		z->range_uj = parse_number(key, value);
	else if (strcmp(key, "start") == 0)
		z->start_uj = parse_number(key, value);
	else if (strcmp(key, "unit") == 0)
		z->unit_uj = parse_number(key, value);
	else if (strcmp(key, "parent") == 0)
		z->parent = (int)parse_number(key, value);
	else if (strcmp(key, "mode") == 0)
		z->mode = parse_mode(value);
	else if (strcmp(key, "reset") == 0)
		z->reset_ns = parse_duration(key, value);
	else if (strcmp(key, "gone") == 0)
		z->gone_ns = parse_duration(key, value);
	else
		die("zone: unknown key '%s'; known: name power steps phase jitter max range start "
		    "unit parent mode reset gone jump by",
			key);
}

/* Zones in order become intel-rapl:0, :1 ...; with parent=N, children of the N-th zone given:
 * intel-rapl:0:0 ... */
static void name_zone(struct zone *z)
{
	size_t n = meter.n;

	if (z->parent < 0) {
		snprintf(z->id, sizeof z->id, "intel-rapl:%x", (unsigned)meter.top++);
	} else {
		if ((size_t)z->parent >= n || meter.zones[z->parent].parent >= 0)
			die("zone %s: parent=%d is no zone at the top before it", z->name,
				z->parent);
		struct zone *p = &meter.zones[z->parent];
		_cleanup_free_ char *id = xasprintf("%s:%x", p->id, (unsigned)p->children++);
		memcpy(z->id, id, strlen(id) + 1);
	}
}

static void add_zone(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save, *part;

	if (meter.n == MAX_ZONES)
		die("more than %d zones", MAX_ZONES);
	struct zone *z = &meter.zones[meter.n];
	*z = (struct zone){.name = "package-0",
		.parent = -1,
		.range_uj = INT64_C(262143328850),
		.unit_uj = 1,
		.max_power_uw = -1,
		.jump_ns = ABSENT,
		.reset_ns = ABSENT,
		.gone_ns = ABSENT};
	for (part = strtok_r(copy, ",", &save); part != NULL; part = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(part, '=');
		if (equals == NULL)
			die("zone: '%s': key=value was expected", part);
		*equals = '\0';
		set_zone(z, part, equals + 1);
	}
	if (z->unit_uj < 1)
		die("zone %s: unit must be at least 1", z->name);
	for (size_t i = 0; i < z->pieces.n; i++)
		if (z->pieces.power_uw[i] > z->power_uw)
			z->power_uw = z->pieces.power_uw[i];
	if (z->max_power_uw < 0)
		z->max_power_uw = 2 * z->power_uw > 95000000 ? 2 * z->power_uw : 95000000;
	name_zone(z);
	meter.n++;
}

static void usage(FILE *out)
{
	fputs("usage: meter [--step DURATION] [--ready-fd N] [--zone KEY=VALUE,...] ... "
	      "MOUNTPOINT\n\n"
	      "Mounts a powercap tree; prints \"ready\" once it is there; unmounts on SIGTERM or "
	      "SIGINT.\n"
	      "Keys of a zone: name (package-0), power (0W), steps (power over time, again and "
	      "again: 50W@10ms+9W@2ms),\n"
	      "phase and jitter of the updates, max (TDP; at least 95W), range (262143328850 uJ; "
	      "0: no file), start (uJ),\n"
	      "unit (uJ), parent (number of a zone before it, from 0), mode (ok, denied, broken), "
	      "reset and gone (after\n"
	      "this time the counter restarts at 0, or cannot be read any more), jump and by "
	      "(after this time the counter\n"
	      "is so many uJ further).\n"
	      "\"NAME POWER [DURATION]\" written to MOUNTPOINT/power changes a zone's power from "
	      "then on, or for so long;\n"
	      "\"NAME reset\", \"NAME jump\" and \"NAME gone\" do so at once.\n",
		out);
}

static const char *take_options(int argc, char **argv, int *ready_fd)
{
	const char *mountpoint = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			exit(0);
		}
		bool is_option = strncmp(argv[i], "--", 2) == 0;
		if (is_option && i + 1 == argc)
			die("%s needs a value, or is no option", argv[i]);
		if (strcmp(argv[i], "--zone") == 0)
			add_zone(argv[++i]);
		else if (strcmp(argv[i], "--step") == 0)
			meter.step_ns = parse_duration("--step", argv[++i]);
		else if (strcmp(argv[i], "--ready-fd") == 0)
			*ready_fd = (int)parse_number("--ready-fd", argv[++i]);
		else if (is_option)
			die("unknown option %s", argv[i]);
		else
			mountpoint = argv[i];
	}
	if (mountpoint == NULL || meter.step_ns < 1) {
		usage(stderr);
		exit(2);
	}
	if (meter.n == 0)
		add_zone("power=50W");
	return mountpoint;
}

static void say_ready(int fd)
{
	static const char text[] = "ready\n";
	ssize_t n = write(fd, text, sizeof text - 1);

	(void)n; /* nobody listens: no harm */
}

int main(int argc, char **argv)
{
	int ready_fd = STDOUT_FILENO;
	const char *mountpoint = take_options(argc, argv, &ready_fd);
	/* The kernel checks no modes, so that denied means what we say, for root too. */
	char *fuse_argv[] = {argv[0], NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, fuse_argv);
	struct fuse *fuse = fuse_new(&args, &operations, sizeof operations, NULL);

	if (fuse == NULL || fuse_mount(fuse, mountpoint) != 0) {
		fprintf(stderr,
			"meter: cannot mount at %s: is there a /dev/fuse, and may we mount?\n",
			mountpoint);
		return 1;
	}
	meter.start_ns = clock_raw_ns();
	fuse_set_signal_handlers(fuse_get_session(fuse));
	say_ready(ready_fd);
	fuse_loop(fuse);
	fuse_remove_signal_handlers(fuse_get_session(fuse));
	fuse_unmount(fuse);
	fuse_destroy(fuse);
	fuse_opt_free_args(&args);
	return 0;
}
