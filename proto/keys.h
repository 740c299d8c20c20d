/*
 * keys.h - CURVE key pairs on disk, and the directory of keys that a coordinator trusts
 *
 * A secret key file is `joulerig-secret-key-v1 Z85\n`, mode 0600, created exclusively; one that
 * others can read, that is not a regular file or belongs to somebody else is refused. A trusted key
 * is the file DIR/trusted/NAME with the content `joulerig-trusted-key-v1 ROLE Z85\n`.
 */
#ifndef PROTO_KEYS_H
#define PROTO_KEYS_H

#include "proto/error.h"
#include <stdbool.h>
#include <stddef.h>

#define Z85_KEY_LEN 40

enum role { ROLE_NONE, ROLE_AGENT, ROLE_VIEWER, ROLE_USER };

const char *role_name(enum role r);
/* ROLE_NONE where text is no role. */
enum role role_by_name(const char *text);

/* A key pair, Z85 text. Wipe with keypair_wipe() before it goes out of scope. */
struct keypair {
	char public_key[Z85_KEY_LEN + 1];
	char secret_key[Z85_KEY_LEN + 1];
};

/* A fresh pair in memory. Returns 0, or ERR_INTERNAL where libzmq has no CURVE. */
int keypair_generate(struct keypair *out, struct error *err);
/* Load DIR/secret-key, made (with DIR, mode 0700) where it is not there yet. Returns 0 or negative.
 */
int keypair_load_or_create(struct keypair *out, const char *dir, struct error *err);
/* Load DIR/secret-key; -ENOENT where there is none. */
int keypair_load(struct keypair *out, const char *dir, struct error *err);
void keypair_wipe(struct keypair *k);

/* Whether text is a Z85 public key: 40 characters that decode. */
bool key_is_valid(const char *text);

/* The user's own key folder: $XDG_CONFIG_HOME/joulerig or ~/.config/joulerig. The caller frees. */
char *keys_user_dir(void);

/* A name of a host or user: letters, digits, '.', '_', '-', at most 64, not beginning with '.' or
 * '-'. */
bool key_name_is_valid(const char *name);

/* Write DIR/trusted/NAME (DIR made where missing). An existing NAME with another key is -EEXIST; a
 * changed role replaces. */
int keys_trust(const char *dir, const char *name, const char *public_key, enum role role,
	struct error *err);

struct trusted_key {
	char name[65];
	char public_key[Z85_KEY_LEN + 1];
	enum role role;
};

/* All trusted keys of DIR, sorted by name; *out is the caller's to free. Files that are no key are
 * errors. */
int keys_list(const char *dir, struct trusted_key **out, size_t *n, struct error *err);

/* The trusted keys of a directory held in memory, re-read when the directory changed (its mtime,
 * looked at). A key that is found is believed for 2 ms; where they are more than 64, for 20 ms, or
 * for half a second right after a change. */
struct keyring;
struct keyring *keyring_open(const char *dir);
void keyring_free(struct keyring *k);
/* Trust a key for this process alone: the embedded agent's, or the coordinator's own. */
void keyring_add(struct keyring *k, const char *name, const char *public_key, enum role role);
/* The entry of a key, or NULL. Valid until the next call. */
const struct trusted_key *keyring_find(struct keyring *k, const char *public_key);
/* The i-th entry, or NULL past the end; for walking over all. Re-reads when i is 0. */
const struct trusted_key *keyring_at(struct keyring *k, size_t i);

#endif
