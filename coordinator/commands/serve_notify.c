#include "coordinator/commands/serve_notify.h"

#include "coordinator/dispatch/notice_send.h"
#include "proto/clock.h"
#include <curl/curl.h>
#include <stdio.h>

static bool try_channel(
	const struct settings_channel *c, const char *sendmail, const struct notice_message *m)
{
	struct error err = {0};
	enum notice_result result = notice_send(c, sendmail, m, -1, &err);

	if (result == NOTICE_DELIVERED)
		printf("notify: %s: delivered\n", c->name);
	else
		printf("notify: %s: not delivered: %s\n", c->name, err.text);
	(void)fflush(stdout);
	return result == NOTICE_DELIVERED;
}

int serve_notify_test(const struct settings *s, const char *path, struct error *err)
{
	const struct id16 no_store = {0};
	struct notice_message message;
	bool have_all = true;
	char host[256];

	if (s->channels_n == 0)
		return error_set(err, ERR_USAGE,
			"%s: there is no 'notify' in it, so nobody would be told of anything",
			path);
	notice_host(host);
	_cleanup_free_ char *text =
		xasprintf("This is a test of joulerig on %s: notices come this way.", host);
	const struct store_notice test = {
		.at = clock_realtime_ns(),
		.kind = "test",
		.subject = "test",
		.text = text,
		.json = "{}",
	};
	curl_global_init(CURL_GLOBAL_DEFAULT);
	notice_message_make(&message, &no_store, host, &test, 1);
	for (size_t i = 0; i < s->channels_n; i++)
		have_all &= try_channel(&s->channels[i], s->sendmail, &message);
	notice_message_done(&message);
	return have_all ? EXIT_OK : EXIT_RUN_FAILED;
}
