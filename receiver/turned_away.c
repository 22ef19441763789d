#include "receiver/turned_away.h"

#include "common/base/memory.h"
#include "common/spool/rejections.h"

#include <stdio.h>
#include <string.h>

enum { REASONS = 4 };

struct turned_away {
    struct {
        const char *reason; /* NULL: none yet */
        int64_t times;
        char sentence[REJECTIONS_SENTENCE_SIZE];
    } reasons[REASONS];
};

struct turned_away *turned_away_create(void)
{
    return memory_new(1, sizeof(struct turned_away));
}

void turned_away_destroy(struct turned_away **away)
{
    memory_free(away);
}

void turned_away_note(struct turned_away *away, const char *reason, const char *address, const char *because)
{
    size_t i = 0;
    while (i < REASONS && away->reasons[i].reason && strcmp(away->reasons[i].reason, reason) != 0)
        i++;
    if (i == REASONS)
        return;
    away->reasons[i].reason = reason;
    away->reasons[i].times++;
    (void)snprintf(away->reasons[i].sentence, REJECTIONS_SENTENCE_SIZE, "%s: %s", address, because);
}

void turned_away_write(struct turned_away *away, struct spool *spool, int64_t now_ms)
{
    for (size_t i = 0; i < REASONS && away->reasons[i].reason; i++) {
        if (away->reasons[i].times > 0)
            rejections_note(spool, away->reasons[i].reason, away->reasons[i].sentence, away->reasons[i].times,
                            now_ms);
        away->reasons[i].times = 0;
    }
}
