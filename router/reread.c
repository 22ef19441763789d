#include "router/reread.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/spool/spool.h"
#include "router/headers.h"
#include "router/shared.h"

enum { WAIT_MS = 20 /* most headers need a tenth of one */ };

/* Answers that other steps have asked for and not taken: of changes that are over, as a rule. */
static bool make_room(struct router *router)
{
    if (!readers_have_room(router->readers, READERS_CHANGE))
        readers_forget(router->readers, READERS_CHANGE, NULL);
    return readers_have_room(router->readers, READERS_CHANGE);
}

/* Has the open file read (-1: it is being read), which is the readers' then. */
static int ask(struct router *router, const char *receipt, int *fd, struct readers_answer *ret_answer)
{
    if (*fd >= 0) {
        if (!make_room(router))
            return ERR_AGAIN;
        readers_ask(router->readers, READERS_CHANGE, receipt, *fd);
        *fd = -1;
    }
    return readers_await(router->readers, READERS_CHANGE, receipt, WAIT_MS, ret_answer) ? 0 : ERR_AGAIN;
}

int reread(struct router *router, const char *receipt, enum spool_place place,
           struct readers_answer *ret_answer)
{
    AUTO(fd_close) int fd = -1;
    if (!readers_know(router->readers, receipt)) {
        int code = spool_open_file(router->spool, place, receipt, &fd);
        if (code != 0)
            return code;
    }
    return ask(router, receipt, &fd, ret_answer);
}

int reread_kept(struct router *router, const char *study, const char *receipt,
                struct readers_answer *ret_answer)
{
    AUTO(fd_close) int fd = -1;
    if (!readers_know(router->readers, receipt) && !headers_open(router->headers, study, receipt, &fd))
        return ERR_ABSENT;
    return ask(router, receipt, &fd, ret_answer);
}
