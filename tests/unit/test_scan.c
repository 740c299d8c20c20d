#include "proto/base.h"
#include "proto/scan.h"
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* Hexadecimal without spaces as bytes of their exact size, so that a sanitizer sees every byte read
 * beyond them. */
static enum scan_result scan_hex(const char *hex, uint32_t max_objects)
{
	size_t n = strlen(hex) / 2;
	_cleanup_free_ uint8_t *bytes = xmalloc(n);

	if (n > 0)
		assert_true(hex_decode(bytes, n, hex));
	return scan_msgpack(bytes, n, max_objects);
}

static void test_good(void **state)
{
	static const char *const good[] = {
		"00", "7f", "e0", "ff", "c0", "c2", "c3",             /* small ones */
		"cc80", "cdffff", "ceffffffff", "cfffffffffffffffff", /* uint */
		"d080", "d18000", "d280000000", "d38000000000000000", /* int */
		"ca00000000", "cb0000000000000000",                   /* float */
		"a0", "a161",
		"bf61616161616161616161616161616161616161616161616161616161616161",     /* fixstr */
		"d900", "d90161", "da000161", "db0000000161",                           /* str */
		"c400", "c40100", "c5000100", "c60000000100",                           /* bin */
		"80", "8100c0", "de0000", "de00010001", "df00000000", "df000000010001", /* map */
		"90", "9100", "dc0000", "dc000100", "dd00000000", "dd0000000100",       /* array */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (scan_hex(good[i], 100) != SCAN_OK)
			fail_msg("%s: %s", good[i], scan_result_text(scan_hex(good[i], 100)));
}

static void test_truncated(void **state)
{
	/* Each complete; every shorter beginning of it is not. */
	static const char *const whole[] = {"cc80", "cdffff", "ceffffffff", "cfffffffffffffffff",
		"ca00000000", "cb0000000000000000", "a3616263", "d903616263", "da0003616263",
		"db00000003616263", "c403616263", "c50003616263", "c600000003616263", "9301a16102",
		"820102a16103", "dc00020102", "dd000000020102", "de00010102", "df000000010102",
		"9291920102a0"};

	(void)state;
	assert_int_equal(scan_msgpack("", 0, 10), SCAN_TRUNCATED);
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		char part[64];
		assert_int_equal(scan_hex(whole[i], 100), SCAN_OK);
		for (size_t n = 2; n < strlen(whole[i]); n += 2) {
			snprintf(part, sizeof part, "%.*s", (int)n, whole[i]);
			assert_int_equal(scan_hex(part, 100), SCAN_TRUNCATED);
		}
		snprintf(part, sizeof part, "%s00", whole[i]);
		assert_int_equal(scan_hex(part, 100), SCAN_TRAILING);
	}
}

/* Lengths beyond what follows, up to those whose double or sum would wrap. */
static void test_lying_lengths(void **state)
{
	static const char *const lies[] = {"9f", "8f", "a5", "dcffff", "ddffffffff", "ddffffffff00",
		"deffff", "dfffffffff", "df80000000", "df7fffffff", "c4ff", "c5ffff", "c6ffffffff",
		"d9ff", "daffff", "dbffffffff", "dbfffffffb", "91ddffffffff", "8100dfffffffff",
		"9fddffffffff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
		assert_int_equal(scan_hex(lies[i], UINT32_MAX), SCAN_TRUNCATED);
}

static void test_bad_tags(void **state)
{
	static const uint8_t tags[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		uint8_t frame[24] = {0x91, tags[i]};
		assert_int_equal(scan_msgpack(frame, sizeof frame, 100), SCAN_BAD_TAG);
	}
}

static void test_depth(void **state)
{
	uint8_t frame[SCAN_MAX_DEPTH + 2];

	(void)state;
	for (int depth = 0; depth <= SCAN_MAX_DEPTH + 1; depth++) {
		memset(frame, 0x91, (size_t)depth);
		frame[depth] = 0xc0;
		assert_int_equal(scan_msgpack(frame, (size_t)depth + 1, 100),
			depth <= SCAN_MAX_DEPTH ? SCAN_OK : SCAN_TOO_DEEP);
	}
	/* Empty containers hold nothing and need no depth; siblings do not add up. */
	assert_int_equal(scan_hex("9391909190919080", 100), SCAN_TRAILING);
	assert_int_equal(scan_hex("93919091909180", 100), SCAN_OK);
}

static void test_objects(void **state)
{
	(void)state;
	assert_int_equal(scan_hex("93010203", 4), SCAN_OK);
	assert_int_equal(scan_hex("93010203", 3), SCAN_TOO_MANY);
	assert_int_equal(scan_hex("8101a0", 3), SCAN_OK);
	assert_int_equal(scan_hex("8101a0", 2), SCAN_TOO_MANY);
	assert_int_equal(scan_hex("00", 0), SCAN_TOO_MANY);
}

static void test_every_two_bytes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		uint8_t *bytes = xmalloc(2);
		bytes[0] = (uint8_t)(i >> 8);
		bytes[1] = (uint8_t)i;
		enum scan_result r = scan_msgpack(bytes, 2, 100);
		assert_in_range(r, SCAN_OK, SCAN_BAD_TAG);
		assert_int_not_equal(strlen(scan_result_text(r)), 0);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_bad_tags),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_every_two_bytes),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
