/* standby - which router waits for a state folder, and what it sees of the one that has it: it writes the file
 * cell.standby there, `felucca status` shows it.
 *
 * It is a hint: of several that wait the last one that wrote stands there; one that works, or ends well, removes it, and
 * what is older than STANDBY_OLD_MS means nothing. */
#ifndef FELUCCA_SPOOL_STANDBY_H
#define FELUCCA_SPOOL_STANDBY_H

#include "common/base/json.h"
#include "common/spool/owner.h"

#include <stdbool.h>
#include <stdint.h>

enum { STANDBY_EVERY_MS = 5000, STANDBY_OLD_MS = 60 * 1000 };

#define STANDBY_LIFE_MAP(X)     \
    X(UNKNOWN, "not known yet") \
    X(LIVES, "yes")             \
    X(STILL, "no")

enum standby_life {
#define X(name, text) STANDBY_##name,
    STANDBY_LIFE_MAP(X)
#undef X
};

const char *standby_life_text(enum standby_life life);

struct standby {
    char name[OWNER_NAME_SIZE], host[OWNER_NAME_SIZE], boot[BOOT_ID_SIZE];
    int64_t since, at; /* wall ms: it waits since; it wrote this */
    bool shared;       /* two hosts have the folder, and its locks do not reach between them */
    enum standby_life owner_lives;
};

/* Of this process: name NULL is the host's. */
void standby_begin(struct standby *standby, const char *name, int64_t now);
void standby_write(int dir, const struct standby *standby);
void standby_remove(int dir);
/* 0; ERR_ABSENT: nobody waits now. */
int standby_read(int dir, int64_t now, struct standby *ret_standby);

/* New objects. */
json_t *standby_to_json(const struct standby *standby);
json_t *standby_owner_to_json(const struct owner *owner);

#endif
