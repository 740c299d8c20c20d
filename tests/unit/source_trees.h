/*
 * source_trees.h - machines for the tests of sources: files below sys/ and proc/, and a topology
 * that goes with them
 */
#ifndef TESTS_UNIT_SOURCE_TREES_H
#define TESTS_UNIT_SOURCE_TREES_H

#include "agent/sources/source.h"
#include "tests/unit/tree.h"

#include <string.h>

#define CPUS "sys/devices/system/cpu"

/* A file and what is in it; text NULL: it is removed. An array of them ends with a NULL path. */
struct tree_file {
	const char *path;
	const char *text;
};

static inline void tree_write_files(const struct tree *t, const struct tree_file *files)
{
	for (; files->path != NULL; files++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", t->path, files->path);
		if (files->text != NULL)
			tree_write(t, files->path, files->text);
		else if (remove(path) != 0)
			abort();
	}
}

/* One package of two cores with two threads each, CPUs 0 and 2 and 1 and 3. */
static struct topology_cpu client_cpus[] = {
	{.cpu = 0, .core = 0, .sibling = 0, .is_allowed = true},
	{.cpu = 2, .core = 0, .sibling = 1, .is_allowed = true},
	{.cpu = 1, .core = 1, .sibling = 0, .is_allowed = true},
	{.cpu = 3, .core = 1, .sibling = 1, .is_allowed = true},
};
static const struct topology client = {.cpus = client_cpus, .n = 4, .packages = 1, .cores = 2};

/* Two packages of two cores, numbered across them. */
static struct topology_cpu server_cpus[] = {
	{.cpu = 0, .package = 0, .core = 0, .is_allowed = true},
	{.cpu = 2, .package = 0, .core = 1, .is_allowed = true},
	{.cpu = 1, .package = 1, .core = 2, .is_allowed = true},
	{.cpu = 3, .package = 1, .core = 3, .is_allowed = true},
};
static const struct topology server = {.cpus = server_cpus, .n = 4, .packages = 2, .cores = 4};

/* A core of each kind. */
static struct topology_cpu hybrid_cpus[] = {
	{.cpu = 0, .core = 0, .kind = CORE_PERFORMANCE, .is_allowed = true},
	{.cpu = 1, .core = 1, .kind = CORE_EFFICIENCY, .is_allowed = true},
};
static const struct topology hybrid = {
	.cpus = hybrid_cpus, .n = 2, .packages = 1, .cores = 2, .is_hybrid = true};

static const int all_cpus[] = {0, 1, 2, 3};

#endif
