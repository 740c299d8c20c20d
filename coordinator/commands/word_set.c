#include "coordinator/commands/word_set.h"
#include "proto/base.h"
#include <uthash.h>

struct word_set_item {
	char *text;
	size_t number;
	UT_hash_handle hh;
};

size_t word_set_number(struct word_set *set, const char *text)
{
	struct word_set_item *item;

	HASH_FIND_STR(set->items, text, item);
	if (item != NULL)
		return item->number;
	item = xcalloc(1, sizeof *item);
	item->text = xstrdup(text);
	item->number = HASH_COUNT(set->items);
	HASH_ADD_KEYPTR(hh, set->items, item->text, strlen(item->text), item);
	return item->number;
}

bool word_set_add(struct word_set *set, const char *text)
{
	size_t before = HASH_COUNT(set->items);

	return word_set_number(set, text) == before;
}

void word_set_done(struct word_set *set)
{
	struct word_set_item *item, *next;

	HASH_ITER (hh, set->items, item, next) {
		HASH_DEL(set->items, item);
		free(item->text);
		free(item);
	}
}
