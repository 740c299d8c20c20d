#include "proto/scan.h"

/* What follows a tag byte: bytes to skip, or the width of a length field and what it counts. */
enum what { BYTES, ARRAY, MAP, BAD };
struct tag_info {
	uint8_t skip;  /* fixed bytes after the tag */
	uint8_t width; /* bytes of the length field; 0: none */
	uint8_t what;  /* what the length counts */
};

/* Tags 0xc0 to 0xdf (msgpack specification, "Formats"). Extensions are not in our protocol. */
/* clang-format off */
static const struct tag_info tags[32] = {
	[0x00] = {0, 0, BYTES}, /* nil */
	[0x01] = {0, 0, BAD},   /* never used */
	[0x02] = {0, 0, BYTES}, [0x03] = {0, 0, BYTES}, /* false, true */
	[0x04] = {0, 1, BYTES}, [0x05] = {0, 2, BYTES}, [0x06] = {0, 4, BYTES}, /* bin */
	[0x07] = {0, 0, BAD}, [0x08] = {0, 0, BAD}, [0x09] = {0, 0, BAD}, /* ext */
	[0x0a] = {4, 0, BYTES}, [0x0b] = {8, 0, BYTES}, /* float */
	[0x0c] = {1, 0, BYTES}, [0x0d] = {2, 0, BYTES}, [0x0e] = {4, 0, BYTES}, [0x0f] = {8, 0, BYTES}, /* uint */
	[0x10] = {1, 0, BYTES}, [0x11] = {2, 0, BYTES}, [0x12] = {4, 0, BYTES}, [0x13] = {8, 0, BYTES}, /* int */
	[0x14] = {0, 0, BAD}, [0x15] = {0, 0, BAD}, [0x16] = {0, 0, BAD}, [0x17] = {0, 0, BAD},
	[0x18] = {0, 0, BAD}, /* fixext */
	[0x19] = {0, 1, BYTES}, [0x1a] = {0, 2, BYTES}, [0x1b] = {0, 4, BYTES}, /* str */
	[0x1c] = {0, 2, ARRAY}, [0x1d] = {0, 4, ARRAY}, [0x1e] = {0, 2, MAP}, [0x1f] = {0, 4, MAP},
};
/* clang-format on */

/* Read one object's head at *p. Sets how many objects it holds. */
static enum scan_result scan_head(const uint8_t **p, const uint8_t *end, uint64_t *kids)
{
	uint8_t tag = *(*p)++;
	uint64_t skip = 0, length = 0;

	*kids = 0;
	if (tag <= 0x7f || tag >= 0xe0)
		return SCAN_OK;
	if (tag <= 0x8f) {
		*kids = 2 * (uint64_t)(tag & 0x0f);
	} else if (tag <= 0x9f) {
		*kids = tag & 0x0f;
	} else if (tag <= 0xbf) {
		skip = tag & 0x1f;
	} else {
		const struct tag_info *info = &tags[tag - 0xc0];

		if (info->what == BAD)
			return SCAN_BAD_TAG;
		if (info->width > end - *p)
			return SCAN_TRUNCATED;
		for (int i = 0; i < info->width; i++)
			length = length << 8 | *(*p)++;
		skip = info->what == BYTES ? info->skip + length : 0;
		*kids = info->what == ARRAY ? length : info->what == MAP ? 2 * length : 0;
	}
	if (skip > (uint64_t)(end - *p))
		return SCAN_TRUNCATED;
	*p += skip;
	return *kids > (uint64_t)(end - *p) ? SCAN_TRUNCATED
					    : SCAN_OK; /* an object is at least a byte */
}

enum scan_result scan_msgpack(const void *data, size_t len, uint32_t max_objects)
{
	const uint8_t *p = data, *end = p + len;
	uint64_t left[SCAN_MAX_DEPTH + 1], kids;
	uint32_t seen = 0;
	int depth = 0;

	for (left[0] = 1;;) {
		while (left[depth] == 0) {
			if (depth == 0)
				return p == end ? SCAN_OK : SCAN_TRAILING;
			depth--;
		}
		left[depth]--;
		if (p == end)
			return SCAN_TRUNCATED;
		if (++seen > max_objects)
			return SCAN_TOO_MANY;
		enum scan_result r = scan_head(&p, end, &kids);
		if (r != SCAN_OK)
			return r;
		if (kids == 0)
			continue;
		if (depth == SCAN_MAX_DEPTH)
			return SCAN_TOO_DEEP;
		left[++depth] = kids;
	}
}

const char *scan_result_text(enum scan_result r)
{
	static const char *const texts[] = {
		[SCAN_OK] = "well formed",
		[SCAN_TRUNCATED] = "ends within an object",
		[SCAN_TRAILING] = "has bytes after its end",
		[SCAN_TOO_MANY] = "has too many objects",
		[SCAN_TOO_DEEP] = "is nested too deep",
		[SCAN_BAD_TAG] = "has a type that the protocol does not use",
	};
	return texts[r];
}
