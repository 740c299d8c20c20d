/* A message to a webhook. */
#include "coordinator/dispatch/notice_send.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>

#define CONNECT_MS 10000L
#define TOTAL_MS   30000L
#define POLL_MS    1000
#define ANSWER_MAX 300 /* bytes of what was answered that are told */

struct post {
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	struct buf answer;
	char why[CURL_ERROR_SIZE];
};

static size_t on_answer(char *data, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;
	size_t room = ANSWER_MAX - answer->len, len = size * n;

	buf_add(answer, data, len < room ? len : room);
	return len;
}

static bool prepare(struct post *p, const char *url, const struct notice_message *m)
{
	p->easy = curl_easy_init();
	p->multi = curl_multi_init();
	p->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (p->easy == NULL || p->multi == NULL || p->headers == NULL)
		return false;
	/* One setting that this libcurl does not know must not go unseen: it may be the one that
	 * keeps other protocols out. */
	return curl_easy_setopt(p->easy, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, m->json) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(m->json)) ==
		       CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_USERAGENT, "joulerig/" JOULERIG_VERSION) ==
		       CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, TOTAL_MS) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, &p->answer) == CURLE_OK &&
	       curl_easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->why) == CURLE_OK &&
	       curl_multi_add_handle(p->multi, p->easy) == CURLM_OK;
}

static void finish(struct post *p)
{
	if (p->multi != NULL && p->easy != NULL)
		curl_multi_remove_handle(p->multi, p->easy);
	curl_easy_cleanup(p->easy);
	curl_multi_cleanup(p->multi);
	curl_slist_free_all(p->headers);
	buf_done(&p->answer);
}

/* Until it is done one way or the other. Returns what libcurl says of it. */
static CURLcode carry_out(struct post *p, int stop_fd)
{
	struct curl_waitfd stop = {.fd = stop_fd, .events = CURL_WAIT_POLLIN};
	int running = 1, queued;

	while (running > 0) {
		if (curl_multi_perform(p->multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (running > 0 &&
			curl_multi_poll(p->multi, &stop, stop_fd >= 0, POLL_MS, NULL) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (stop.revents != 0)
			return CURLE_ABORTED_BY_CALLBACK;
	}
	const CURLMsg *done = curl_multi_info_read(p->multi, &queued);
	return done != NULL ? done->data.result : CURLE_FAILED_INIT;
}

/* The first line of what was answered, as far as it is text. */
static void add_answer(const struct buf *answer, struct buf *out)
{
	size_t len = strcspn(answer->data, "\r\n");

	if (len > 0)
		buf_adds(out, ": ");
	for (size_t i = 0; i < len; i++)
		buf_addc(out, (unsigned char)answer->data[i] < ' ' || answer->data[i] == 0x7f
				      ? ' '
				      : answer->data[i]);
}

static enum notice_result judge(const struct post *p, struct error *err)
{
	_cleanup_buf_ struct buf answer = BUF_INIT;
	char *elsewhere = NULL;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300)
		return NOTICE_DELIVERED;
	if (status >= 300 && status < 400) {
		curl_easy_getinfo(p->easy, CURLINFO_REDIRECT_URL, &elsewhere);
		error_set(err, ERR_REFUSED,
			"it answers %ld, which leads to %s; that is not followed: if it is right, "
			"put it into the settings",
			status, elsewhere != NULL ? elsewhere : "nowhere");
		return NOTICE_FAILED;
	}
	add_answer(&p->answer, &answer);
	error_set(err, ERR_REFUSED, "it answers %ld%s", status, answer.data);
	return status >= 400 && status < 500 && status != 408 && status != 429 ? NOTICE_REFUSED
									       : NOTICE_FAILED;
}

enum notice_result notice_post(
	const char *url, const struct notice_message *m, int stop_fd, struct error *err)
{
	struct post p = {.answer = BUF_INIT};
	enum notice_result result = NOTICE_FAILED;

	if (!prepare(&p, url, m)) {
		error_set(err, ERR_INTERNAL, "this libcurl cannot be set up for it");
	} else {
		CURLcode code = carry_out(&p, stop_fd);
		const char *why = p.why[0] != '\0' ? p.why : curl_easy_strerror(code);

		if (code == CURLE_OK)
			result = judge(&p, err);
		else
			error_set(err, ERR_UNAVAILABLE, "%c%s", tolower((unsigned char)why[0]),
				why + 1);
	}
	finish(&p);
	return result;
}
