/*
 * scan.h - a bounded structural check of a msgpack frame, done before msgpack-c sees it
 *
 * msgpack-c allocates what a header announces: five bytes can make it reserve gigabytes. The
 * scanner walks the whole frame without allocating anything; what passes costs the unpacker at most
 * 48 bytes of memory for each byte of frame.
 */
#ifndef PROTO_SCAN_H
#define PROTO_SCAN_H

#include <stddef.h>
#include <stdint.h>

#define SCAN_MAX_DEPTH 16

enum scan_result {
	SCAN_OK,
	SCAN_TRUNCATED,
	SCAN_TRAILING,
	SCAN_TOO_MANY,
	SCAN_TOO_DEEP,
	SCAN_BAD_TAG
};

/* Whether data is exactly one complete msgpack object of at most max_objects objects, nested at
 * most SCAN_MAX_DEPTH deep. */
enum scan_result scan_msgpack(const void *data, size_t len, uint32_t max_objects);
const char *scan_result_text(enum scan_result r);

#endif
