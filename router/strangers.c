#include "router/strangers.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "router/outbox.h"
#include "router/shared.h"

#include <string.h>

enum { REMEMBERED = 256, TELL_AGAIN_MS = 10 * 1000, LOG_AGAIN_MS = 1000 };

struct strangers {
    struct stranger {
        char session[WORK_SESSION_SIZE];
        int64_t told_at; /* monotonic */
        bool logged;     /* as unproven */
        bool counted;    /* in unlogged */
    } list[REMEMBERED];
    size_t next;     /* the place of the next one: that of the one that was met first */
    size_t unlogged; /* unproven ones that the log has not told of yet */
    int64_t log_at;  /* monotonic: the next line about unproven ones may be written then */
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

static void tell_reason(struct router *router, const struct bus_peer *peer, const char *reason)
{
    const struct work_message who = {.verb = WORK_WHO, .reason = (char *)reason};
    outbox_say(router->outbox, peer, &who);
}

/* False: it was told a moment ago. ret_new: it is heard for the first time. */
static bool remember(struct router *router, struct strangers *strangers, const struct work_message *hello,
                     bool *ret_new)
{
    size_t i = find_stranger(strangers, hello->session);
    *ret_new = i == REMEMBERED;
    if (!*ret_new && router->monotonic - strangers->list[i].told_at < TELL_AGAIN_MS)
        return false;
    if (*ret_new) {
        i = strangers->next;
        strangers->next = (i + 1) % REMEMBERED;
        strangers->list[i] = (struct stranger){.logged = false};
        memcpy(strangers->list[i].session, hello->session, WORK_SESSION_SIZE);
    }
    strangers->list[i].told_at = router->monotonic;
    return true;
}

void strangers_hello(struct router *router, struct strangers *strangers, const struct bus_peer *peer,
                     const struct work_message *hello)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool is_new;
    if (!remember(router, strangers, hello, &is_new))
        return;
    text_format(&reason,
                "the router speaks version %d of the work protocol and this worker version %d: give router, "
                "senders and sharers the same version of Felucca",
                WORK_PROTOCOL, hello->protocol);
    if (is_new)
        log_warning(
            "worker speaks another version of the protocol, it gets no work: upgrade it with the router",
            LOG_S("worker", hello->name), LOG_I("its", hello->protocol), LOG_I("ours", WORK_PROTOCOL));
    tell_reason(router, peer, text_string(&reason));
}

/* Each has its line; when they come too quickly that is later, with its next HELLO. */
static void log_unproven(const struct router *router, struct strangers *strangers,
                         const struct work_message *hello)
{
    struct stranger *stranger = &strangers->list[find_stranger(strangers, hello->session)];
    if (stranger->logged)
        return;
    if (router->monotonic < strangers->log_at) {
        strangers->unlogged += !stranger->counted;
        stranger->counted = true;
        return;
    }
    strangers->unlogged -= stranger->counted && strangers->unlogged > 0;
    stranger->counted = false;
    stranger->logged = true;
    strangers->log_at = router->monotonic + LOG_AGAIN_MS;
    log_warning("what says to be a worker does not know the router's secret: it gets no work, and nothing "
                "that it says counts",
                LOG_S("worker", hello->name), LOG_S("stage", work_stage_name(hello->stage)),
                LOG_I("others_not_logged", strangers->unlogged));
}

void strangers_unproven(struct router *router, struct strangers *strangers, const struct bus_peer *peer,
                        const struct work_message *hello)
{
    bool is_new;
    bool tell = remember(router, strangers, hello, &is_new);
    log_unproven(router, strangers, hello);
    if (tell)
        tell_reason(router, peer,
                    "this worker does not show the secret that the router keeps beside its work socket "
                    "(run/work/sock.secret): let it read that folder, as the router's user");
}

/* Those that did not come again. */
void strangers_turn(const struct router *router, struct strangers *strangers)
{
    if (strangers->unlogged == 0 || router->monotonic < strangers->log_at + TELL_AGAIN_MS)
        return;
    log_warning("more of what says to be a worker and does not know the router's secret has come and gone",
                LOG_I("count", strangers->unlogged));
    for (size_t i = 0; i < REMEMBERED; i++) {
        strangers->list[i].logged |= strangers->list[i].counted;
        strangers->list[i].counted = false;
    }
    strangers->unlogged = 0;
    strangers->log_at = router->monotonic + LOG_AGAIN_MS;
}

void strangers_forget(struct strangers *strangers, const char *session)
{
    size_t i = find_stranger(strangers, session);
    if (i == REMEMBERED)
        return;
    strangers->unlogged -= strangers->list[i].counted && strangers->unlogged > 0;
    strangers->list[i] = (struct stranger){.logged = false};
}
