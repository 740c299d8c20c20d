#include "coordinator/dispatch/kept.h"

#include "coordinator/store/queries.h"

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct kept *k = arg;
	struct blob tree = c[CAMPAIGNS_TREE].blob;

	(void)n;
	kept_done(k);
	*k = (struct kept){
		.id = key,
		.label = xstrdup_or_null(c[CAMPAIGNS_LABEL].text),
		.name = xstrdup_or_null(c[CAMPAIGNS_NAME].text),
		.file = xstrdup(c[CAMPAIGNS_FILE].text ? c[CAMPAIGNS_FILE].text : ""),
		.yaml = xstrdup(c[CAMPAIGNS_YAML].text ? c[CAMPAIGNS_YAML].text : ""),
		.changes = xstrdup_or_null(c[CAMPAIGNS_CHANGES].text),
		.directory = xstrdup_or_null(c[CAMPAIGNS_DIRECTORY].text),
		.has_tree = tree.data != NULL && tree.len == sizeof k->tree,
		.state = campaign_state_by_name(c[CAMPAIGNS_STATE].text),
		.priority = c[CAMPAIGNS_PRIORITY].integer,
	};
	if (k->has_tree)
		memcpy(k->tree.b, tree.data, sizeof k->tree.b);
	if (c[CAMPAIGNS_UUID].blob.len == sizeof k->uuid)
		memcpy(k->uuid.b, c[CAMPAIGNS_UUID].blob.data, sizeof k->uuid);
	return 0;
}

static int on_lane(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	bool *is_imported = arg;

	(void)key;
	(void)n;
	if (strncmp(c[LANES_KEY].text, IMPORTED_HOST, strlen(IMPORTED_HOST)) == 0)
		*is_imported = true;
	return 0;
}

int kept_find_any(struct kept *out, const struct store_ops *ops, struct store *s, const char *label,
	const char *verb, struct error *err)
{
	*out = (struct kept){.id = 0};
	int code = text_is_set(label) ? ops->query(s, "campaigns", label, 0, INT64_MAX, NULL,
						on_campaign, out, err)
				      : 0;
	if (code < 0)
		return code;
	if (out->id == 0)
		return error_set(err, ERR_CAMPAIGN,
			"%s: there is no campaign '%s' here; 'joulerig status' shows the last one",
			verb, label ? label : "");
	return 0;
}

int kept_find(struct kept *out, const struct store_ops *ops, struct store *s, const char *label,
	const char *verb, struct error *err)
{
	bool is_imported = false;
	int code = kept_find_any(out, ops, s, label, verb, err);

	if (code == 0)
		code = ops->query(
			s, "lanes", out->label, 0, INT64_MAX, NULL, on_lane, &is_imported, err);
	if (code == 0 && (is_imported || out->yaml[0] == '\0'))
		code = error_set(err, ERR_CAMPAIGN,
			"%s: %s was imported: its results are here, but nothing that could be run",
			verb, out->label);
	return code;
}

void kept_done(struct kept *k)
{
	free(k->label);
	free(k->name);
	free(k->file);
	free(k->yaml);
	free(k->changes);
	free(k->directory);
	*k = (struct kept){.id = 0};
}
