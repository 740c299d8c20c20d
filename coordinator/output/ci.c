#include "coordinator/output/ci.h"

const struct ci_ops *const ci_formats[] = {&ci_junit, &ci_github, &ci_gitlab, NULL};

const struct ci_ops *ci_by_name(const char *name)
{
	for (size_t i = 0; ci_formats[i] != NULL; i++)
		if (strcmp(ci_formats[i]->name, name) == 0)
			return ci_formats[i];
	return NULL;
}
