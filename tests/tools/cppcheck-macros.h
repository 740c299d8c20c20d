/*
 * cppcheck-macros.h - statement-like macros of libraries, for cppcheck alone, which reads no system
 * headers
 */
#include "/usr/include/uthash.h"
#include "/usr/include/utlist.h"

#define json_array_foreach(array, i, value)                                                        \
	for (i = 0; i < json_array_size(array) && (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value)                                                    \
	for (key = json_object_first(object); key && (value = json_object_value(object, key));     \
		key = json_object_after(object, key))
