/*
 * man - write the manual pages: man DIR REFERENCE GUIDE..., into DIR/man1 and DIR/man5
 *
 * REFERENCE is docs/campaign.md, each GUIDE another file of Markdown with examples of commands.
 */
#include "docs/man/pages.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct file_page files[] = {
	{
		.name = "joulerig-campaign",
		.summary = "the campaign file of joulerig",
		.schema = &schema_campaign,
		.about =
			"A campaign is one YAML file: programs, parameters, machines, "
			"repetitions.\n"
			"'joulerig new NAME' writes one to begin with, 'joulerig check FILE' tells "
			"every\n"
			"mistake with its line and column, 'joulerig plan FILE' what would run.\n\n"
			"An unknown key, a wrong type, a duplicate key or a bad value is an error, "
			"with\n"
			"which nothing runs. Sections of a benchmark are laid over those of the "
			"campaign,\n"
			"and these over 'defaults'; a '~' removes what came from below.\n",
	},
};

__attribute__((noreturn)) static void die(const char *path)
{
	fprintf(stderr, "man: cannot write %s: %s\n", path, strerror(errno));
	exit(1);
}

static void write_page(void *arg, const char *name, const char *section, const char *roff)
{
	_cleanup_free_ char *folder = xasprintf("%s/man%s", (const char *)arg, section);
	_cleanup_free_ char *path = xasprintf("%s/%s.%s", folder, name, section);
	FILE *file;

	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		die(folder);
	file = fopen(path, "w");
	if (!file)
		die(path);
	fputs(roff, file);
	if (ferror(file) || fclose(file) != 0)
		die(path);
}

int main(int argc, char **argv)
{
	struct guides guides;

	if (argc < 4) {
		fprintf(stderr, "usage: man DIR REFERENCE GUIDE...\n");
		return 2;
	}
	guides_read(&guides, (const char *const *)argv + 3, (size_t)argc - 3, argv[2]);
	pages_programs(&guides, write_page, argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		pages_file(&guides, &files[i], write_page, argv[1]);
	guides_done(&guides);
	return 0;
}
