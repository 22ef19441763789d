#include "router/vigil.h"

#include <string.h>

enum vigil_says vigil_look(struct vigil *vigil, const struct owner *seen, int64_t monotonic)
{
    if (!seen) {
        *vigil = (struct vigil){0};
        return VIGIL_UNKNOWN;
    }
    bool same = vigil->begun && vigil->beat == seen->beat && strcmp(vigil->session, seen->session) == 0;
    if (!same) {
        vigil->moved = vigil->begun;
        vigil->begun = true;
        vigil->beat = seen->beat;
        vigil->since = monotonic;
        memcpy(vigil->session, seen->session, sizeof vigil->session);
    }
    if (monotonic - vigil->since >= VIGIL_MS)
        return VIGIL_STANDS_STILL;
    return vigil->moved ? VIGIL_LIVES : VIGIL_UNKNOWN;
}
