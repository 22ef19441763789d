#include "receiver/cell.h"

#include <string.h>

void cell_init(struct cell *cell, struct spool *spool, bool far)
{
    *cell = (struct cell){.spool = spool, .far = far};
    boot_id(cell->boot);
}

bool cell_works(struct cell *cell, int64_t monotonic)
{
    struct pulse now;
    if (pulse_read(cell->spool, &now) != 0 || (!cell->far && strcmp(now.boot, cell->boot) != 0)) {
        cell->begun = cell->moved = false;
        return false;
    }
    bool same = cell->begun && now.beat == cell->seen.beat && strcmp(now.boot, cell->seen.boot) == 0;
    if (!same) {
        cell->moved = cell->begun;
        cell->begun = true;
        cell->seen = now;
        cell->seen_at = monotonic;
    }
    return cell->moved && monotonic - cell->seen_at < PULSE_LIMIT_MS;
}
