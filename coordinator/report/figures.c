#include "coordinator/report/figure.h"

const struct figure_ops *const figure_kinds[] = {
	&figure_speedup,
	&figure_ratio,
	&figure_power,
	&figure_energy_time,
	&figure_break_even,
	&figure_edp,
	&figure_pareto,
	&figure_memory,
	&figure_contention,
	&figure_utilisation,
	&figure_decomposition,
	&figure_frequency,
	&figure_forest,
	&figure_sequence,
	&figure_size,
	&figure_samples,
	&figure_trend,
	NULL,
};

const struct figure_ops *figure_kind(const char *name)
{
	for (size_t i = 0; figure_kinds[i] != NULL; i++) {
		if (strcmp(figure_kinds[i]->kind, name) == 0)
			return figure_kinds[i];
	}
	return NULL;
}
