#include "coordinator/report/bundles.h"
#include <string.h>

/* The assembler takes a file in as it is; paths are from the top of the tree, where make runs. */
#define BUNDLE(name, path)                                                                         \
	__asm__(".pushsection .rodata\n"                                                           \
		"joulerig_" #name ":\n"                                                            \
		".incbin \"" path "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char joulerig_##name[];                                                       \
	struct bundle bundle_##name(void)                                                          \
	{                                                                                          \
		return (struct bundle){joulerig_##name, strlen(joulerig_##name)};                  \
	}

BUNDLE(vega, "build/web/vega.min.js")
BUNDLE(vega_lite, "build/web/vega-lite.min.js")
BUNDLE(licenses, "build/web/licenses.txt")
BUNDLE(script, "coordinator/report/web/page.js")
BUNDLE(style, "coordinator/report/web/page.css")
