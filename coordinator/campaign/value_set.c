/* Values by their texts: an axis may have a million, and a rule many thousands. */
#include "coordinator/campaign/matrix.h"

/* FNV-1a. */
static size_t *slot_of(const struct value_set *s, const struct value *values, const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *p = text; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	for (size_t slot = (h ^ h >> 32) & s->mask;; slot = (slot + 1) & s->mask)
		if (s->slots[slot] == 0 || strcmp(values[s->slots[slot] - 1].text, text) == 0)
			return &s->slots[slot];
}

void value_set_fill(struct value_set *s, const struct value *values, size_t n)
{
	if (s->slots == NULL || 2 * n > s->mask) {
		size_t size = 16;

		while (size < 4 * n + 1)
			size *= 2;
		free(s->slots);
		s->slots = xcalloc(size, sizeof *s->slots);
		s->mask = size - 1;
		s->n = 0;
	}
	for (; s->n < n; s->n++) {
		size_t *slot = slot_of(s, values, values[s->n].text);

		if (*slot == 0)
			*slot = s->n + 1;
	}
}

int64_t value_set_find(const struct value_set *s, const struct value *values, const char *text)
{
	return (int64_t)*slot_of(s, values, text) - 1;
}

void value_set_done(struct value_set *s)
{
	free(s->slots);
}
