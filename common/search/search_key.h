/* search_key - the installation's key for search hashes (search_hash.h): the file search.key of the state folder.
 *
 * 32 random bytes, mode 0600, made once by the router. Who has it and the job database can try numbers; who has the
 * database alone cannot. When it is lost, a new one is made, and what was hashed before is not found any more. */
#ifndef FELUCCA_SEARCH_SEARCH_KEY_H
#define FELUCCA_SEARCH_SEARCH_KEY_H

#include "common/search/search_hash.h"

/* 0; ERR_ABSENT: there is none; ERR_DENIED: this user may not read it; ERR_SYNTAX: it is not as long as a key;
 * ERR_IO. */
int search_key_read(const char *state_dir, struct search_key *ret_key);

/* Reads it, or makes it, which is durable then, unless it is there: one process at a time. *ret_made: it did not
 * exist. 0, or as above, or ERR_NOSPACE. */
int search_key_ensure(const char *state_dir, struct search_key *ret_key, bool *ret_made);

#endif
