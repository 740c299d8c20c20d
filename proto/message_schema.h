/*
 * message_schema.h - the keys of each message as tables: what message.c codes by, private to proto/
 */
#ifndef PROTO_MESSAGE_SCHEMA_H
#define PROTO_MESSAGE_SCHEMA_H

#include "proto/message.h"

enum field_kind {
	FIELD_INT,    /* int64_t; on the wire an integer */
	FIELD_TEXT,   /* const char *; str without NUL */
	FIELD_ID,     /* struct id16; bin of 16 bytes */
	FIELD_BLOB,   /* struct blob; bin */
	FIELD_TEXTS,  /* struct list of const char *; array of str */
	FIELD_LIST,   /* struct list of structs; array of maps */
	FIELD_STRUCT, /* an embedded struct, whose keys stand in the same map */
};

struct schema;

struct field {
	const char *key; /* NULL ends a table */
	enum field_kind kind;
	size_t offset;
	bool is_required;
	const struct schema *sub; /* of FIELD_LIST and FIELD_STRUCT */
};

struct schema {
	const char *name; /* "HELLO", or what an element is: "metric" */
	size_t size;      /* of the struct */
	const struct field *fields;
};

/* The schema of a type, or NULL where there is no such message. */
const struct schema *message_schema(enum message_type type);

#endif
