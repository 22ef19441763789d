/* users - the file of the console's users: names, roles, and hashes of passwords.
 *
 *     ada:operator:$y$j9T$…
 *
 * One a line; blank lines and those that begin with "#" are comments. Hashes are libcrypt's (crypt(5)); new ones are
 * yescrypt's. No password is kept, logged, or part of an error. */
#ifndef FELUCCA_USERS_USERS_H
#define FELUCCA_USERS_USERS_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    USERS_NAME_MAX = 64,
    USERS_PASSWORD_LEAST = 8,
    USERS_PASSWORD_MAX = 512, /* bytes */
    USERS_MOST = 4096
};

enum users_role { USERS_VIEWER, USERS_OPERATOR };

/* "viewer". Borrowed for ever. */
const char *users_role_name(enum users_role role);
/* False: it is none. */
bool users_role_find(const char *name, enum users_role *ret_role);

/* Letters and digits of ASCII, and ". _ @ -" behind the first. */
bool users_name_is_valid(const char *name);

struct users_row {
    char *name, *hash;
    enum users_role role;
};

struct users;

/* 0; ERR_ABSENT, ERR_IO, ERR_DENIED (others of this machine may read it), ERR_SYNTAX, ERR_RANGE (too large), with a sentence
 * that begins with the path appended to reason. */
int users_read(const char *path, struct users **ret_users, struct text *reason);
struct users *users_create(void);
void users_destroy(struct users **users);

size_t users_count(const struct users *users);
/* Borrowed until the next change. */
const struct users_row *users_at(const struct users *users, size_t index);
const struct users_row *users_find(const struct users *users, const char *name);

/* Takes the place of what the name had. The hash is copied. */
void users_put(struct users *users, const char *name, enum users_role role, const char *hash);
/* False: there is none. */
bool users_remove(struct users *users, const char *name);

/* Writes the whole file at once: there is the old one or the new one. Mode 0600, of the owner of the old one, else of the folder
 * or file at like. 0 or ERR_IO, ERR_DENIED, ERR_NOSPACE, with a sentence. */
int users_write(const struct users *users, const char *path, const char *like, struct text *reason);

/* A new hash, is then yours. 0 or ERR_RANGE (a password too short or long), ERR_IO. */
int users_hash(const char *password, char **ret_hash);

/* Whether the password is that of the row. NULL: it is nobody's, which takes as long to find out. */
bool users_verify(const struct users_row *row, const char *password);

#endif
