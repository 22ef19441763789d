/* search - whether studies can be found by the numbers that people know: the key for their hashes (search_hash.h), and
 * what becomes of the hashes when they are not wanted any more. */
#ifndef FELUCCA_ROUTER_SEARCH_H
#define FELUCCA_ROUTER_SEARCH_H

#include "common/search/search_hash.h"

struct control_answer;
struct control_request;
struct router;

/* At start and after each reload. True: hashes are wanted, and their key is there; it is made at the first start. False
 * without the wish: those of the database go. A key that cannot be read costs the search, never a delivery. */
bool search_prepare(struct router *router, struct search_key *ret_key);

/* The control verb "find": the hash of a number, for programs that have no key. The number is neither kept nor logged. */
void search_find(struct router *router, const struct control_request *request, struct control_answer *answer);

#endif
