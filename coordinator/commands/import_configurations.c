/* Configurations and hosts of runs from elsewhere, however they are spelled. */
#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/import_parts.h"

#define NAME_MOST 4096 /* bytes: hyperfine's are whole commands */

/* A benchmark and its parameters as they stand in a line. */
struct spelling {
	UT_hash_handle hh;
	char *key; /* benchmark, a newline, parameters */
	struct imported *of;
};

/* ---- names ---- */

/* What a terminal would obey, in C0 and C1; a text of several lines is no harm in a parameter. */
static bool is_printable(const char *text, const char *but)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (((*p < 0x20 || *p == 0x7f) && strchr(but, *p) == NULL) ||
			(*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return false;
	return true;
}

int import_check_text(const char *what, const char *text, struct error *err)
{
	if (text[0] == '\0')
		return error_set(err, ERR_USAGE, "%s: expected a name, not an empty text", what);
	if (strlen(text) > NAME_MOST)
		return error_set(
			err, ERR_USAGE, "%s: a name has at most %d bytes", what, NAME_MOST);
	return is_printable(text, "")
		       ? 0
		       : error_set(err, ERR_USAGE, "%s: a name has no control characters", what);
}

/* ---- configurations ---- */

static int by_name(const void *a, const void *b)
{
	const struct parameter *p = a, *q = b;

	return strcmp(p->name, q->name);
}

/* Which configuration it is: objects have no order, so that its parameters are sorted here. */
static int key_of(const char *benchmark, struct parameters *p, struct buf *key, struct error *err)
{
	int rc = 0;

	if (p->n > 0)
		qsort(p->items, p->n, sizeof *p->items, by_name);
	buf_addf(key, "%s\n", benchmark);
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const struct parameter *one = &p->items[i];

		rc = import_check_text("parameters", one->name, err);
		if (rc == 0 && i > 0 && strcmp(one->name, p->items[i - 1].name) == 0)
			rc = error_set(err, ERR_USAGE, "parameters: '%s' a second time", one->name);
		if (rc == 0 && !is_printable(one->text, "\n\t"))
			rc = error_set(err, ERR_USAGE,
				"parameters: '%s' has control characters in its value", one->name);
		buf_addf(key, "%zu:%s=%zu:%s", strlen(one->name), one->name, strlen(one->text),
			one->text);
	}
	return rc;
}

static struct imported *add_spelled(
	struct importer *im, const char *benchmark, const char *parameters, struct error *err)
{
	_cleanup_buf_ struct buf key = BUF_INIT;
	struct imported *c = NULL;
	struct parameters parsed;

	int rc = import_check_text("benchmark", benchmark, err);
	parameters_parse(&parsed, parameters);
	if (rc == 0)
		rc = key_of(benchmark, &parsed, &key, err);
	parameters_done(&parsed);
	if (rc < 0)
		return NULL;
	HASH_FIND_STR(im->configurations, key.data, c);
	if (c != NULL)
		return c;
	c = xcalloc(1, sizeof *c);
	c->key = buf_take(&key);
	c->benchmark = xstrdup(benchmark);
	c->parameters = xstrdup(parameters);
	c->index = ABSENT;
	HASH_ADD_KEYPTR(hh, im->configurations, c->key, strlen(c->key), c);
	return c;
}

/* NULL with err where it cannot be one. */
struct imported *importer_configuration(
	struct importer *im, const char *benchmark, const char *parameters, struct error *err)
{
	_cleanup_free_ char *key = xasprintf("%s\n%s", benchmark, parameters);
	struct imported *c;
	struct spelling *s;

	HASH_FIND_STR(im->spellings, key, s);
	if (s != NULL)
		return s->of;
	c = add_spelled(im, benchmark, parameters, err);
	if (c == NULL)
		return NULL;
	s = xcalloc(1, sizeof *s);
	*s = (struct spelling){.key = xstrdup(key), .of = c};
	HASH_ADD_KEYPTR(hh, im->spellings, s->key, strlen(s->key), s);
	return c;
}

void importer_know(struct importer *im, const char *benchmark, const char *parameters)
{
	struct error err = {0}; /* it will be told of the run itself */

	(void)importer_configuration(
		im, im->o->benchmark ? im->o->benchmark : benchmark, parameters, &err);
}

/* Texts as people sort them: 2 before 10. */
static int by_people(const struct imported *a, const struct imported *b)
{
	int benchmark = strverscmp(a->benchmark, b->benchmark);

	return benchmark != 0 ? benchmark : strverscmp(a->parameters, b->parameters);
}

int importer_add_configuration(struct importer *im, struct imported *c, struct error *err)
{
	c->index = im->configurations_n++;
	return im->ops->add_configuration(
		im->store, im->campaign.id, c->index, c->benchmark, c->parameters, err);
}

int importer_add_known(struct importer *im, struct error *err)
{
	struct imported *c, *tmp;
	int rc = 0;

	HASH_SORT(im->configurations, by_people);
	HASH_ITER (hh, im->configurations, c, tmp) {
		if (rc == 0)
			rc = importer_add_configuration(im, c, err);
	}
	return rc;
}

int64_t importer_next_block(struct imported *c, size_t lane)
{
	if (lane >= c->blocks_n) {
		c->blocks = xreallocarray(c->blocks, lane + 1, sizeof *c->blocks);
		memset(c->blocks + c->blocks_n, 0, (lane + 1 - c->blocks_n) * sizeof *c->blocks);
		c->blocks_n = lane + 1;
	}
	return ++c->blocks[lane];
}

/* ---- hosts ---- */

static const char *inventory_of(const struct importer *im, const char *host)
{
	for (size_t i = 0; i < im->o->inventories_n; i++)
		if (strcmp(im->o->inventories[i].host, host) == 0)
			return im->o->inventories[i].json;
	return NULL;
}

int importer_lane(struct importer *im, const char *name, size_t *out, struct error *err)
{
	/* A key that no agent has: this host is not one that a coordinator knows. */
	_cleanup_free_ char *key = xasprintf(IMPORTED_HOST "%s", name);
	int64_t id = 0;
	int rc;

	for (*out = 0; *out < im->lanes_n; ++*out)
		if (strcmp(im->lanes[*out].name, name) == 0)
			return 0;
	rc = import_check_text("host", name, err);
	if (rc < 0)
		return rc;
	rc = im->ops->put_host(im->store, name, key, inventory_of(im, name), ABSENT, &id, err);
	if (rc == 0)
		rc = im->ops->add_lane(im->store, im->campaign.id, (int64_t)im->lanes_n, id, err);
	im->lanes = xreallocarray(im->lanes, im->lanes_n + 1, sizeof *im->lanes);
	im->lanes[im->lanes_n++] = (struct lane){.name = xstrdup(name), .id = id};
	return rc;
}

/* ---- the end ---- */

void importer_free_names(struct importer *im)
{
	struct imported *c, *tmp;
	struct spelling *s, *next;

	HASH_ITER (hh, im->configurations, c, tmp) {
		HASH_DEL(im->configurations, c);
		free(c->key);
		free(c->benchmark);
		free(c->parameters);
		free(c->blocks);
		free(c);
	}
	HASH_ITER (hh, im->spellings, s, next) {
		HASH_DEL(im->spellings, s);
		free(s->key);
		free(s);
	}
	for (size_t i = 0; i < im->lanes_n; i++)
		free(im->lanes[i].name);
	free(im->lanes);
}
