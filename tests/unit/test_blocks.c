/* How many blocks a family of comparisons needs: the figures of the campaign language, and edges.
 */
#include "coordinator/campaign/blocks.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	int64_t comparisons;
	double alpha;
	int64_t blocks;
} vectors[] = {
	{0, 0.01, 0},
	{1, 0.01, 8},
	{24, 0.01, 13},
	{100, 0.01, 15},
	{1, 0.05, 6},
	{1, 0.5, 2},
	{1, 1, 1},
	{1, 0.0078125, 8}, /* 2^-7, which eight pairs reach exactly */
	{2, 0.0078125, 9},
	{10000000, 0.001, 35},
	{1, 0, INT64_MAX},
	{1, -1, INT64_MAX},
	{1, NAN, INT64_MAX},
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		assert_int_equal(
			blocks_needed(vectors[i].comparisons, vectors[i].alpha), vectors[i].blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
