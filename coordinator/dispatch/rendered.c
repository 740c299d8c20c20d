#include "coordinator/dispatch/rendered.h"

#define KEPT_BYTES (16 * 1024 * 1024) /* of one campaign */

struct rendered {
	struct rendered_key {
		size_t lane, configuration;
	} key;
	struct message_part part;
	UT_hash_handle hh;
};

char *rendered_complete(
	struct message_assign *a, const struct live *l, const struct configuration *c)
{
	const struct campaign_content *content = campaign_content(l->campaign, c);
	const uint8_t *tree = content != NULL ? content->tree : l->tree;
	bool has_tree = content != NULL ? content->has_tree : l->has_tree;

	a->label = l->label;
	if (has_tree)
		a->tree = (struct blob){.data = tree, .len = sizeof l->tree};
	if (has_tree || l->directory == NULL || (a->workdir != NULL && a->workdir[0] == '/'))
		return NULL;
	char *workdir = xasprintf(
		"%s%s%s", l->directory, a->workdir ? "/" : "", a->workdir ? a->workdir : "");
	a->workdir = workdir;
	return workdir;
}

static struct message_part render(const struct live *l, const struct live_run *r)
{
	struct render_arena *arena = NULL;
	_cleanup_free_ char *workdir = NULL;
	struct message_part part;
	struct message m;

	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(l->campaign, live_configuration(l, r), &l->hosts[r->lane], l->label,
		&m.assign, &arena);
	workdir = rendered_complete(&m.assign, l, live_configuration(l, r));
	message_encode_part(&m, &part);
	render_done(arena);
	return part;
}

void rendered_free(struct live *l)
{
	struct rendered *one, *next;

	HASH_ITER (hh, l->rendered, one, next) {
		HASH_DEL(l->rendered, one);
		free(one->part.data);
		free(one);
	}
	l->rendered_bytes = 0;
}

const struct message_part *rendered_assign(struct live *l, const struct live_run *r)
{
	struct rendered_key key;
	struct rendered *one;

	memset(&key, 0, sizeof key);
	key.lane = r->lane;
	key.configuration = r->configuration;
	HASH_FIND(hh, l->rendered, &key, sizeof key, one);
	if (one != NULL)
		return &one->part;
	if (l->rendered_bytes > KEPT_BYTES)
		rendered_free(l);
	one = xcalloc(1, sizeof *one);
	one->key = key;
	one->part = render(l, r);
	l->rendered_bytes += sizeof *one + one->part.len;
	HASH_ADD(hh, l->rendered, key, sizeof one->key, one);
	return &one->part;
}
