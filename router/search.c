#include "router/search.h"

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/config/config.h"
#include "common/jobs/history.h"
#include "common/search/search_key.h"
#include "common/wire/control.h"
#include "router/refusal.h"
#include "router/shared.h"

#include <string.h>

bool search_prepare(struct router *router, struct search_key *ret_key)
{
    bool made = false;
    if (!router->config->search_hashes) {
        jobdb_forget_hashes(router->db);
        return false;
    }
    int code = search_key_ensure(router->config->state_dir, ret_key, &made);
    if (code != 0)
        log_error("cannot use search.key: what arrives now cannot be found by its numbers",
                  LOG_S("error", err_text(code)));
    else if (made)
        log_info("made search.key, by which studies are found by their numbers");
    return code == 0;
}

static bool find_kind(const char *name, enum search_kind *ret_kind)
{
    for (int kind = 0; name && kind < SEARCH_KINDS; kind++)
        if (strcmp(search_kind_name((enum search_kind)kind), name) == 0) {
            *ret_kind = (enum search_kind)kind;
            return true;
        }
    return false;
}

void search_find(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    struct search_key key;
    enum search_kind kind;
    _Static_assert((int)SEARCH_HASH_SIZE == (int)CONTROL_HASH_SIZE, "a hash fits");
    if (!request->number || !find_kind(request->number_kind, &kind))
        refuse(answer, "find takes a \"number\" and its \"number_kind\": accession, patient or study-id");
    else if (!router->config->search_hashes)
        refuse(answer, "search_hashes is false: the job database knows no such numbers");
    else if (search_key_read(router->config->state_dir, &key) != 0)
        refuse(answer, "search.key cannot be read: the router's log says why");
    else if (!search_hash(&key, kind, request->number, strlen(request->number), answer->hash))
        refuse(answer, "the number is nothing but blanks");
    else
        text_append(&answer->sentence, "hashed");
    explicit_bzero(&key, sizeof key);
}
