#include "router/room.h"

#include "common/base/log.h"
#include "common/config/config.h"
#include "common/jobs/clean.h"
#include "common/spool/spool.h"
#include "router/headers.h"
#include "router/outbox.h"
#include "router/shared.h"

struct giving {
    struct router *router;
    const char *what;
};

static void give_file(void *context, const struct jobdb_file *file)
{
    const struct giving *giving = context;
    enum spool_place place = file->place;
    (void)spool_find(giving->router->spool, file->receipt, &place);
    log_warning("the spool's disk is short, removing a kept file before its time",
                LOG_S("receipt", file->receipt), LOG_S("place", spool_place_name(file->place)),
                LOG_S("what", giving->what));
    outbox_remove(giving->router->outbox, file->receipt, place, file->instance_id);
}

bool room_make(struct router *router, size_t most, bool *making_room)
{
    static const char *const what[JOBDB_SPARES] = {
        [JOBDB_SPARE_STORED] = "delivered",
        [JOBDB_SPARE_DROPPED] = "dropped by an operator",
        [JOBDB_SPARE_NEVER_STORED] = "never stored anywhere",
    };
    struct spool_room room;
    int64_t least = router->config->receiver.min_free_space;
    if (spool_room(router->spool, &room) != 0)
        return false;
    if (!spool_room_suffices(&room, least))
        *making_room = true;
    else if (room.bytes >= least + least / 4 && room.files >= 2 * SPOOL_FILES_LEAST)
        *making_room = false;
    if (*making_room && headers_give_way(router->headers))
        return true;
    size_t count = 0;
    for (int spare = 0; *making_room && spare < JOBDB_SPARES && count < most; spare++) {
        struct giving giving = {router, what[spare]};
        count += jobdb_each_spare(router->db, (enum jobdb_spare)spare, most - count, give_file, &giving);
    }
    if (count == 0)
        *making_room = false;
    return count > 0;
}
