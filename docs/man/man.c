/*
 * man - write the manual pages: man DIR CAMPAIGN SETTINGS GUIDE..., into DIR/man1 and DIR/man5
 *
 * CAMPAIGN is docs/campaign.md, SETTINGS an example of a file of settings, each GUIDE another file
 * of Markdown with examples of commands.
 */
#include "docs/man/pages.h"

#include "coordinator/settings_schema.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define MOST_BYTES (1 << 20)

static const char about_campaigns[] =
	"A campaign is one YAML file: programs, parameters, machines, repetitions.\n"
	"'joulerig new NAME' writes one to begin with, 'joulerig check FILE' tells every\n"
	"mistake with its line and column, 'joulerig plan FILE' what would run.\n\n"
	"An unknown key, a wrong type, a duplicate key or a bad value is an error, with\n"
	"which nothing runs. Sections of a benchmark are laid over those of the campaign,\n"
	"and these over 'defaults'; a '~' removes what came from below.\n";
static const char about_settings[] =
	"What 'joulerig serve --settings FILE' reads: a YAML file. An unknown key, a wrong type, "
	"a\n"
	"duplicate key or a bad value is an error. A coordinator that runs reads it again at "
	"SIGHUP;\n"
	"where it is wrong then, that is told and the old settings stay.\n";

__attribute__((noreturn)) static void die(const char *what, const char *path, int error)
{
	fprintf(stderr, "man: cannot %s %s: %s\n", what, path, strerror(error));
	exit(1);
}

static void write_page(void *arg, const char *name, const char *section, const char *roff)
{
	_cleanup_free_ char *folder = xasprintf("%s/man%s", (const char *)arg, section);
	_cleanup_free_ char *path = xasprintf("%s/%s.%s", folder, name, section);
	FILE *file;

	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		die("make", folder, errno);
	file = fopen(path, "w");
	if (!file)
		die("write", path, errno);
	fputs(roff, file);
	if (ferror(file) || fclose(file) != 0)
		die("write", path, errno);
}

static void write_campaign_page(const struct guides *g, char *folder)
{
	const struct file_page page = {
		.name = "joulerig-campaign",
		.summary = "the campaign file of joulerig",
		.schema = &schema_campaign,
		.about = about_campaigns,
		.command = "joulerig-check",
	};

	pages_file(g, &page, write_page, folder);
}

static void write_settings_page(const char *example, char *folder)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct guides none;
	int rc = buf_read_file(&text, AT_FDCWD, example, MOST_BYTES);
	const struct file_page page = {
		.name = "joulerig-settings",
		.summary = "the settings of a coordinator of joulerig",
		.schema = &schema_settings,
		.about = about_settings,
		.example = text.data,
		.command = "joulerig-serve",
	};

	if (rc < 0)
		die("read", example, -rc);
	guides_read(&none, NULL, 0, NULL);
	pages_file(&none, &page, write_page, folder);
	guides_done(&none);
}

int main(int argc, char **argv)
{
	struct guides guides;

	if (argc < 5) {
		fprintf(stderr, "usage: man DIR CAMPAIGN SETTINGS GUIDE...\n");
		return 2;
	}
	guides_read(&guides, (const char *const *)argv + 4, (size_t)argc - 4, argv[2]);
	pages_programs(&guides, write_page, argv[1]);
	write_campaign_page(&guides, argv[1]);
	write_settings_page(argv[3], argv[1]);
	guides_done(&guides);
	return 0;
}
