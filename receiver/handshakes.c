#include "receiver/handshakes.h"

#include "common/base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static bool shakes(const struct child *child)
{
    return child->entering && !child->dismissed;
}

static void dismiss(struct child *child)
{
    child->dismissed = true;
    fd_close(&child->proof);
    (void)kill(child->pid, SIGKILL);
}

static size_t count_of_address(const struct children *children, const struct child *like)
{
    size_t same = 0;
    for (size_t i = 0; i < children->count; i++)
        same += shakes(&children->list[i]) &&
                memcmp(children->list[i].address.bytes, like->address.bytes, sizeof like->address.bytes) == 0;
    return same;
}

void handshakes_make_room(struct children *children)
{
    struct child *leaves = NULL;
    size_t count = 0, most = 0;
    for (size_t i = 0; i < children->count; i++) {
        struct child *child = &children->list[i];
        if (!shakes(child))
            continue;
        count++;
        size_t same = count_of_address(children, child);
        if (same > most || (same == most && child->until_ms < leaves->until_ms)) {
            most = same;
            leaves = child;
        }
    }
    if (count >= HANDSHAKES)
        dismiss(leaves);
}

size_t handshakes_poll(const struct children *children, struct pollfd *ret_polls)
{
    size_t count = 0;
    for (size_t i = 0; i < children->count; i++)
        if (shakes(&children->list[i]))
            ret_polls[count++] = (struct pollfd){.fd = children->list[i].proof, .events = POLLIN};
    return count;
}

static void answer(struct child *child, enum lobby_answer said, const struct claim *claim)
{
    bool proves = said == LOBBY_SERVED && claim_wants_passcode(claim) && claim->certificate_fits;
    struct entrance_answer head = {said, proves ? claim->passcode.length : 0};
    const struct iovec pieces[] = {{&head, sizeof head}, {claim->passcode.bytes, head.passcode_length}};
    ssize_t length = (ssize_t)(sizeof head + head.passcode_length);
    if (writev(child->proof, pieces, 2) == length && said == LOBBY_SERVED)
        child->entering = false;
    if (!proves || child->entering)
        fd_close(&child->proof);
}

static void attend(struct child *child, const struct handshakes_host *host)
{
    struct entrance_question question;
    ssize_t n = read(child->proof, &question, sizeof question);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n != (ssize_t)sizeof question) {
        fd_close(&child->proof); /* it will be reaped soon */
        return;
    }
    struct claim claim;
    enum lobby_answer said = host->asks(host->context, child, &question, &claim);
    answer(child, said, &claim);
    claim_wipe(&claim);
}

void handshakes_turn(struct children *children, const struct pollfd *polls, int64_t now_ms,
                     const struct handshakes_host *host)
{
    for (size_t i = 0, polled = 0; i < children->count; i++) {
        struct child *child = &children->list[i];
        if (!shakes(child))
            continue;
        if (polls[polled++].revents && child->proof >= 0)
            attend(child, host);
        if (shakes(child) && now_ms >= child->until_ms)
            dismiss(child);
    }
}
