#include "router/search.h"

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/config/config.h"
#include "common/jobs/history.h"
#include "common/search/search_key.h"
#include "router/shared.h"

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
