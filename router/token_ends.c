#include "router/token_ends.h"

#include "common/config/config.h"
#include "common/jobs/token_times.h"
#include "router/shared.h"
#include "router/target.h"

/* The date in the configuration; NULL: none. */
static const char *date_of(const struct target *target, enum work_token_kind kind)
{
    if (!target->album)
        return target->destination->expires;
    return kind == WORK_TOKEN_SOURCE ? target->album->source_token_expires
                                     : target->album->destination_token_expires;
}

struct token_expiry token_ends(struct router *router, const struct target *target, enum work_token_kind kind)
{
    struct jobdb_token_times times = {0, 0};
    jobdb_find_token_times(router->db, target->row.destination_id, target->row.album_id, kind, &times);
    return token_expiry_of(times.expires_at, config_date_ms(date_of(target, kind)), times.first_at);
}
