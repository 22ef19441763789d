#include "router/strangers.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "router/outbox.h"
#include "router/shared.h"

#include <string.h>

enum { REMEMBERED = 256, TELL_AGAIN_MS = 10 * 1000 };

struct strangers {
    struct stranger {
        char session[WORK_SESSION_SIZE];
        int64_t told_at; /* monotonic */
    } list[REMEMBERED];
    size_t next; /* the place of the next one: that of the one that was met first */
};

struct strangers *strangers_create(void)
{
    return memory_new(1, sizeof(struct strangers));
}

void strangers_destroy(struct strangers **strangers)
{
    memory_free(strangers);
}

static size_t find_stranger(const struct strangers *strangers, const char *session)
{
    size_t i = 0;
    while (i < REMEMBERED && strcmp(strangers->list[i].session, session) != 0)
        i++;
    return i;
}

bool strangers_know(const struct strangers *strangers, const char *session)
{
    return find_stranger(strangers, session) < REMEMBERED;
}

static void tell_version(struct router *router, const struct bus_peer *peer, const struct work_message *hello)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_format(&reason,
                "the router speaks version %d of the work protocol and this worker version %d: give router, "
                "senders and sharers the same version of Felucca",
                WORK_PROTOCOL, hello->protocol);
    const struct work_message who = {.verb = WORK_WHO, .reason = (char *)text_string(&reason)};
    outbox_say(router->outbox, peer, &who);
}

void strangers_hello(struct router *router, struct strangers *strangers, const struct bus_peer *peer,
                     const struct work_message *hello)
{
    size_t i = find_stranger(strangers, hello->session);
    if (i < REMEMBERED && router->monotonic - strangers->list[i].told_at < TELL_AGAIN_MS)
        return;
    if (i == REMEMBERED) {
        i = strangers->next;
        strangers->next = (i + 1) % REMEMBERED;
        memcpy(strangers->list[i].session, hello->session, WORK_SESSION_SIZE);
        log_warning(
            "worker speaks another version of the protocol, it gets no work: upgrade it with the router",
            LOG_S("worker", hello->name), LOG_I("its", hello->protocol), LOG_I("ours", WORK_PROTOCOL));
    }
    strangers->list[i].told_at = router->monotonic;
    tell_version(router, peer, hello);
}
