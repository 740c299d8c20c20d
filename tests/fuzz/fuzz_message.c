/*
 * Whatever bytes come: the scanner's verdict holds, decoding ends in a message or an error, and a
 * message that was decoded encodes to one that says the same. The vectors of tests/vectors make a
 * good corpus.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With -DFUZZ_REPLAY a main of its own
 * runs each file that is named, binary or (NAME.hex) hexadecimal.
 */
#include "proto/message.h"
#include "proto/scan.h"
#include "tests/fuzz/replay.h"
#include <stdio.h>

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* What was decoded, encoded, must decode again, and then encode to the very same bytes. */
static void check_round_trip(const struct message *m)
{
	_cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
	struct error err = {0};
	struct message again;

	message_encode(m, &first);
	if (message_decode(&again, first.data, first.len, &err) < 0)
		fail(err.text);
	message_encode(&again, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		fail("a message changed on its way");
	message_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum scan_result scan = scan_msgpack(data, size, MESSAGE_MAX_OBJECTS);
	struct error err = {0};
	struct message m;

	if (message_decode(&m, data, size, &err) < 0) {
		if (err.code == 0 || err.text[0] == '\0')
			fail("an error without a reason");
	} else {
		if (scan != SCAN_OK)
			fail("decoded what the scanner refuses");
		check_round_trip(&m);
	}
	message_done(&m);
	return 0;
}

#ifdef FUZZ_REPLAY
/* The vectors are hex, in lines. */
static size_t replay_bytes(const char *path, char *bytes, size_t len)
{
	const char *end = strrchr(path, '.');
	size_t n = 0, digits = 0;
	char pair[3] = "";

	if (end == NULL || strcmp(end, ".hex") != 0)
		return len;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			continue;
		pair[digits++] = bytes[i];
		if (digits == 2 && !hex_decode(&bytes[n++], 1, pair))
			fail(path);
		digits %= 2;
	}
	return n;
}
#endif
