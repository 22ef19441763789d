#include "cli/import/desk.h"

#include "common/base/cleanup.h"

#include <poll.h>
#include <stdio.h>

enum { LOOK_MS = 200 };

/* A disk that cannot be asked will tell by itself when it is written to. */
static bool has_room(struct desk *desk, int64_t bytes)
{
    struct spool_room room;
    return spool_room(desk->instances.spool, &room) < 0 ||
           spool_room_suffices(&room, desk->order->config->receiver.min_free_space + bytes);
}

static void tell_wait(const struct desk *desk)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_append(&line, "felucca import: waits for room on the spool's disk, where ");
    text_append_size(&line, desk->order->config->receiver.min_free_space);
    text_append(&line, " must stay free (min_free_space); it goes on when instances were delivered\n");
    (void)fputs(text_string(&line), stderr);
}

bool room_await(struct desk *desk, int64_t bytes)
{
    for (bool told = false; !has_room(desk, bytes) && !importer_is_stopped(); told = true) {
        if (!told) {
            progress_clear(&desk->progress);
            tell_wait(desk);
        }
        progress_show(&desk->progress, "waits for room on the disk");
        (void)poll(NULL, 0, LOOK_MS);
    }
    return !importer_is_stopped();
}
