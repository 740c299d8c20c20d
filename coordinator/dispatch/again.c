#include "coordinator/dispatch/again.h"

#include <jansson.h>

void again_each_tree(
	const char *changes, void (*each)(void *arg, const struct content_hash *tree), void *arg)
{
	json_t *all = changes != NULL ? json_loads(changes, 0, NULL) : NULL, *value;
	struct content_hash tree;
	const char *label;

	json_object_foreach(json_object_get(json_object_get(all, "again"), "trees"), label, value)
	{
		const char *hex = json_string_value(value);
		if (hex != NULL && hex_decode(tree.b, sizeof tree.b, hex))
			each(arg, &tree);
	}
	json_decref(all);
}
