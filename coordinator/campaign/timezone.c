#include "coordinator/campaign/timezone.h"

#include "coordinator/campaign/diagnostics.h"
#include "coordinator/campaign/schema.h"
#include <dirent.h>
#include <fcntl.h>

#define ZONES "/usr/share/zoneinfo"

/* What begins a file of a time zone. */
static bool is_zone_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[4];

	return fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
	       memcmp(magic, "TZif", sizeof magic) == 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] >= 'A' && entry->d_name[0] <= 'Z';
}

/* The nearest name in the folder of the name's own region. */
static void find_nearest(const char *name, char nearest[96])
{
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	_cleanup_free_ char *region = xstrndup(name, (size_t)(last - name));
	_cleanup_free_ char *folder = xasprintf(ZONES "/%s", region);
	_cleanup_free_ const char **words = NULL;
	_cleanup_free_ char *found = NULL;
	struct dirent **entries;
	const char *word;
	int n = scandir(folder, &entries, is_visible, alphasort);

	if (n < 0)
		return;
	words = xcalloc((size_t)n + 1, sizeof *words);
	for (int i = 0; i < n; i++)
		words[i] = entries[i]->d_name;
	word = nearest_word(last, words, (size_t)n);
	if (word) {
		found = xasprintf("%s%s", region, word);
		diag_nearest(nearest, found, (const char *const *)&found, 1);
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
}

bool timezone_is_known(const char *name, char nearest[96])
{
	_cleanup_free_ char *path = xasprintf(ZONES "/%s", name);
	bool is_name = is_path_below(name) && is_word(name, 64, "_+-/");

	nearest[0] = '\0';
	if (!is_name || access(ZONES, F_OK) != 0)
		return is_name;
	if (is_zone_file(path))
		return true;
	find_nearest(name, nearest);
	return false;
}
