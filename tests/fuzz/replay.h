/*
 * replay.h - inputs of a fuzzer once more, without the fuzzer: `make test` runs the corpus
 *
 * The includer has replay_bytes(), which turns what a file holds into an input in place and returns
 * its length.
 */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include "proto/base.h"
#include <fcntl.h>
#include <stdio.h>

/* One input; what libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_REPLAY
#define REPLAY_MAX (4 * 1024 * 1024)

static size_t replay_bytes(const char *path, char *bytes, size_t len);

static void replay(const char *path)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT;

	if (buf_read_file(&bytes, AT_FDCWD, path, REPLAY_MAX) < 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	size_t len = replay_bytes(path, bytes.data, bytes.len);
	/* A copy of its exact size, so that a sanitizer sees every byte that is read beyond it. */
	_cleanup_free_ uint8_t *exact = xmalloc(len > 0 ? len : 1);
	memcpy(exact, bytes.data, len);
	LLVMFuzzerTestOneInput(exact, len);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif

#endif
