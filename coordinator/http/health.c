/* /healthz, and the page that tells what there is. */
#include "coordinator/http/page.h"

#include "proto/units.h"
#include <jansson.h>
#include <stdio.h>

#define HTTP_OK          200
#define HTTP_UNAVAILABLE 503

/* Why it is not well; NULL: it is. The caller frees. */
static char *reason_of(const struct page_source *from)
{
	char since[32];

	if (from->vitals == NULL)
		return xstrdup("it has just been started");
	if (from->vitals->trouble != NULL)
		return xstrdup(from->vitals->trouble);
	int64_t silent_ns = from->now_ns - from->vitals->at_ns;
	if (silent_ns > HTTP_STALE_NS)
		return xasprintf(
			"its loop has not turned for %s", units_format_duration(since, silent_ns));
	return NULL;
}

static json_t *hex(const struct id16 *id)
{
	char text[2 * sizeof id->b + 1];

	for (size_t i = 0; i < sizeof id->b; i++)
		snprintf(text + 2 * i, 3, "%02x", id->b[i]);
	return json_string(text);
}

static void add_vitals(json_t *root, const struct vitals *v)
{
	int64_t connected = 0;

	for (size_t i = 0; i < v->hosts_n; i++)
		connected += v->hosts[i].state == HOST_IDLE || v->hosts[i].state == HOST_RUNNING;
	json_object_set_new(root, "store_id", hex(&v->store));
	json_object_set_new(root, "epoch", json_integer(v->epoch));
	json_object_set_new(root, "hosts_connected", json_integer(connected));
	json_object_set_new(
		root, "campaigns_running", json_integer(v->campaigns[CAMPAIGN_RUNNING]));
}

unsigned page_health(const struct page_source *from, struct buf *out)
{
	_cleanup_free_ char *reason = reason_of(from);
	json_t *root = json_object();

	json_object_set_new(root, "status", json_string(reason == NULL ? "ok" : "failing"));
	if (reason != NULL)
		json_object_set_new(root, "reason", json_string(reason));
	json_object_set_new(root, "version", json_string(JOULERIG_VERSION));
	json_object_set_new(root, "store", json_string(from->db));
	json_object_set_new(
		root, "uptime", json_integer((from->now_ns - from->started_ns) / NS_PER_S));
	if (from->vitals != NULL && from->vitals->trouble == NULL)
		add_vitals(root, from->vitals);
	_cleanup_free_ char *text = json_dumps(root, JSON_ENSURE_ASCII);
	json_decref(root);
	buf_addf(out, "%s\n", text);
	return reason == NULL ? HTTP_OK : HTTP_UNAVAILABLE;
}

unsigned page_index(const struct page_source *from, struct buf *out)
{
	(void)from;
	buf_adds(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>joulerig</title></head><body>\n"
		"<h1>joulerig " JOULERIG_VERSION "</h1>\n<p>A coordinator. This port tells how it "
		"fares, and takes nothing.</p>\n<dl>\n"
		"<dt><a href=\"/healthz\">/healthz</a></dt><dd>200 while it is well; else 503, and "
		"why</dd>\n"
		"<dt><a href=\"/metrics\">/metrics</a></dt><dd>for Prometheus; docs/monitoring.md "
		"tells of each</dd>\n"
		"</dl>\n</body></html>\n");
	return HTTP_OK;
}
