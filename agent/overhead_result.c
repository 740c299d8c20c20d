/*
 * overhead_result.c - the interval of a ratio, and the file that keeps what was measured
 */
#include "agent/files.h"
#include "agent/inventory.h"
#include "agent/overhead.h"
#include "proto/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>

#define FILE_MAX (64 * 1024)

/*
 * The expansion of t in powers of 1 / freedom: Abramowitz and Stegun, "Handbook of Mathematical
 * Functions", 26.7.5. From 10 degrees of freedom on it is right to four decimals.
 */
double overhead_student(size_t freedom)
{
	const double z = 1.959963984540054, n = (double)freedom;
	double z2 = z * z;
	double g1 = z * (z2 + 1) / 4;
	double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
	double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
	double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;

	return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

void overhead_interval(struct overhead_rate *r, const double *logs, size_t n)
{
	double mean = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		mean += logs[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (logs[i] - mean) * (logs[i] - mean);
	double half = overhead_student(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
	r->pairs = (int64_t)n;
	r->ratio = exp(mean);
	r->low = exp(mean - half);
	r->high = exp(mean + half);
}

/* So many digits as mean something. */
static json_t *rounded(double value, double step)
{
	return isfinite(value) ? json_real(round(value / step) * step) : json_null();
}

static json_t *rate_json(const struct overhead_rate *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "ratio", rounded(r->ratio, 1e-6), "low",
		rounded(r->low, 1e-6), "high", rounded(r->high, 1e-6), "cpu", rounded(r->cpu, 1e-7),
		"sample_us", rounded(r->sample_us, 1e-2), "pairs", (json_int_t)r->pairs);
}

json_t *overhead_json(const struct overhead *o, const struct overhead_request *r,
	const char *kernel, const char *fingerprint)
{
	json_t *j = json_object();
	char key[24], date[32];

	for (size_t i = 0; i < o->rates_n; i++) {
		snprintf(key, sizeof key, "%lld", (long long)o->rates[i].rate);
		json_object_set_new(j, key, rate_json(&o->rates[i]));
	}
	json_object_set_new(j, "measured_at", json_string(clock_rfc3339(date, o->measured_at)));
	json_object_set_new(j, "agent", json_string(JOULERIG_VERSION));
	json_object_set_new(j, "kernel", kernel != NULL ? json_string(kernel) : json_null());
	json_object_set_new(j, "fingerprint", json_string(fingerprint));
	json_object_set_new(j, "cpus", json_string(o->cpus));
	json_object_set_new(j, "shared_cpu", json_boolean(o->is_shared));
	json_object_set_new(j, "seed", json_integer((json_int_t)r->seed));
	return j;
}

static char *file_path(const char *state)
{
	return xasprintf("%s/overhead.json", state);
}

int overhead_save(const char *state, const json_t *j, struct error *err)
{
	int r = files_make_directory(state, err);
	if (r < 0)
		return r;
	_cleanup_free_ char *path = file_path(state);
	_cleanup_free_ char *fresh = xasprintf("%s.new", path);
	char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(15));
	_cleanup_close_ int fd =
		open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_written = fd >= 0 && dprintf(fd, "%s\n", text) >= 0 && fsync(fd) == 0 &&
			  rename(fresh, path) == 0;
	if (!is_written)
		r = error_errno(err, "%s", path);
	free(text);
	return r;
}

json_t *overhead_load(const char *state, const char *fingerprint)
{
	_cleanup_free_ char *path = file_path(state);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (buf_read_file(&text, AT_FDCWD, path, FILE_MAX) != 0)
		return NULL;
	json_t *j = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	const char *measured = json_string_value(json_object_get(j, "fingerprint"));
	if (measured == NULL || strcmp(measured, fingerprint) != 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

char *overhead_add(char *inventory, const char *state)
{
	json_t *j = json_loads(inventory, 0, NULL);
	const char *fingerprint = json_string_value(json_object_get(j, "fingerprint"));

	if (fingerprint == NULL) {
		json_decref(j);
		return inventory;
	}
	json_t *overhead = overhead_load(state, fingerprint);
	json_decref(j);
	return inventory_with(inventory, "overhead", overhead != NULL ? overhead : json_null());
}
