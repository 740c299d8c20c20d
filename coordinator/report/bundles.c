#include "coordinator/report/bundles.h"

/* The assembler takes a file in as it is; paths are from the top of the tree, where make runs. */
#define BUNDLE(name, path)                                                                         \
	__asm__(".pushsection .rodata\n"                                                           \
		"joulerig_" #name "_begin:\n"                                                      \
		".incbin \"" path "\"\n"                                                           \
		"joulerig_" #name "_end:\n"                                                        \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char joulerig_##name##_begin[], joulerig_##name##_end[];                      \
	struct bundle bundle_##name(void)                                                          \
	{                                                                                          \
		return (struct bundle){joulerig_##name##_begin,                                    \
			(size_t)(joulerig_##name##_end - joulerig_##name##_begin)};                \
	}

BUNDLE(vega, "build/web/vega.min.js")
BUNDLE(vega_lite, "build/web/vega-lite.min.js")
BUNDLE(licenses, "build/web/licenses.txt")
BUNDLE(script, "coordinator/report/web/page.js")
BUNDLE(style, "coordinator/report/web/page.css")
