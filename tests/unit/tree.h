/*
 * tree.h - small trees of files for tests: another machine's proc/ and sys/ in a temporary
 * directory
 */
#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include "agent/machine.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

struct tree {
	char path[64];
};

static inline void tree_make(struct tree *t)
{
	snprintf(t->path, sizeof t->path, "/tmp/joulerig-tree.XXXXXX");
	if (mkdtemp(t->path) == NULL)
		abort();
}

/* Write text to a file below the tree, with the directories on the way. */
static inline void tree_write(const struct tree *t, const char *file, const char *text)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", t->path, file);
	for (char *p = path + strlen(t->path) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		mkdir(path, 0755);
	}
	FILE *f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static inline int tree_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tree_remove(struct tree *t)
{
	nftw(t->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void tree_open(const struct tree *t, struct machine *m)
{
	if (machine_open(m, t->path, NULL) != 0)
		abort();
}

/* A processor of an Intel family 6 machine in proc/cpuinfo. */
static inline void tree_write_cpuinfo(
	const struct tree *t, const char *vendor, int model, int stepping, const char *flags)
{
	char text[512];

	snprintf(text, sizeof text,
		"processor\t: 0\nvendor_id\t: %s\ncpu family\t: 6\nmodel\t\t: %d\nmodel name\t: A "
		"CPU @ 1 GHz\n"
		"stepping\t: %d\nmicrocode\t: 0x2a\nflags\t\t: %s\n\nprocessor\t: 1\nmodel\t\t: "
		"1\n",
		vendor, model, stepping, flags);
	tree_write(t, "proc/cpuinfo", text);
}

#endif
