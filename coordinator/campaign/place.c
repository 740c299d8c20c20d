#include "coordinator/campaign/place.h"

#include "proto/units.h"
#include <errno.h>
#include <stdio.h>

int64_t place_threads(const json_t *inventory)
{
	const json_t *threads = json_object_get(inventory, "threads");

	if (!threads)
		threads = json_object_get(json_object_get(inventory, "cpu"), "threads");
	return json_integer_value(threads);
}

struct template_values place_values(const struct campaign *c,
	const struct configuration *configuration, const char *host_name, const json_t *inventory)
{
	return (struct template_values){
		.axes = configuration->benchmark->axes,
		.values = configuration->values,
		.axes_n = configuration->benchmark->axes_n,
		.campaign = c->name,
		.host_name = host_name,
		.inventory = inventory,
	};
}

static int find_policy(
	const struct benchmark *b, const struct template_values *v, struct error *err)
{
	_cleanup_buf_ struct buf policy = BUF_INIT;

	if (!b->policy)
		return 0;
	if (template_render(b->policy, v, &policy, err) < 0)
		return error_wrap(err, "placement"), -EINVAL;
	if (strcmp(policy.data, "close") != 0)
		return error_set(err, -EINVAL,
			"placement: policy '%s' is not supported yet by this version", policy.data);
	return 0;
}

int place_find(const struct benchmark *b, const struct template_values *v, struct placement *out,
	struct error *err)
{
	_cleanup_buf_ struct buf cpus = BUF_INIT;
	int64_t threads = place_threads(v->inventory);

	*out = (struct placement){.cpus = ABSENT};
	if (!b->cpus) {
		if (threads > 0)
			snprintf(out->text, sizeof out->text, "%lld", (long long)threads);
		return find_policy(b, v, err);
	}
	if (template_render(b->cpus, v, &cpus, err) < 0)
		return error_wrap(err, "placement"), -EINVAL;
	if (units_parse_int(cpus.data, 1, 65536, &out->cpus, NULL) < 0)
		return error_set(err, -EINVAL,
			"placement: 'cpus' is '%s', expected a whole number from 1 to 65536",
			cpus.data);
	if (threads > 0 && out->cpus > threads)
		return error_set(err, -EINVAL, "placement: %lld CPUs asked for, %s has %lld",
			(long long)out->cpus, v->host_name, (long long)threads);
	snprintf(out->text, sizeof out->text, "%lld", (long long)out->cpus);
	return find_policy(b, v, err);
}

/* Only what names the host can fail, so the rest need not be rendered. */
static bool cannot_render(const char *text, const struct template_values *v, struct error *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	return text && strstr(text, "{host.") && template_render(text, v, &out, err) < 0;
}

static bool any_cannot(
	char *const *texts, size_t n, const struct template_values *v, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (cannot_render(texts[i], v, err))
			return true;
	return false;
}

bool place_cannot_render(const struct campaign *c, const struct benchmark *b,
	const struct template_values *v, struct error *err)
{
	for (size_t i = 0; i < c->setup_n; i++)
		if (any_cannot(c->setup[i].command, c->setup[i].n, v, err))
			return true;
	return any_cannot(b->command.command, b->command.n, v, err) ||
	       any_cannot(b->env, b->env_n, v, err) || cannot_render(b->workdir, v, err);
}
