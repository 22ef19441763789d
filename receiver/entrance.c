#include "receiver/entrance.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/spool/rejections.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PDU_HEAD = 6, ASSOCIATE_RQ = 1 };

bool entrance_prepare(struct entrance *entrance, const struct session_start *start)
{
    *entrance = (struct entrance){.stream = tls_stream_create(start->tls, start->socket)};
    return entrance->stream != NULL;
}

void entrance_leave(struct entrance *entrance)
{
    tls_stream_destroy(&entrance->stream);
    text_release(&entrance->description);
}

/* False after the deadline. */
static bool wait_for(int descriptor, short events, int64_t deadline_ms)
{
    struct pollfd polled = {.fd = descriptor, .events = events};
    for (int64_t left; (left = deadline_ms - clock_monotonic_ms()) > 0;)
        if (poll(&polled, 1, left > INT_MAX ? INT_MAX : (int)left) > 0)
            return true;
    return false;
}

/* ---- the handshake ---- */

static void report(const struct session_start *start, enum tls_end end, const char *because)
{
    const char *address = start->address->text;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    hints_tell(start->hints, HINT_TLS, NULL, end);
    if (end == TLS_DONE)
        return;
    text_format(&sentence, "%s: %s", address, because);
    rejections_note(start->spool, "tls", text_string(&sentence), 1, clock_wall_ms());
    uint64_t times = refusals_note(start->refusals, because, address, NULL, clock_monotonic_ms());
    if (times > 0)
        log_warning("TLS handshake failed", LOG_S("address", address), LOG_S("because", because),
                    LOG_I("times", times));
}

static bool shake(const struct entrance *entrance, const struct session_start *start)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOBBY_PATIENCE_MS;
    AUTO(text_release) struct text because = TEXT_EMPTY;
    enum tls_end end = TLS_STALLED;
    bool ended = tls_stream_shake(entrance->stream, &end);
    while (!ended && wait_for(start->socket, tls_stream_wants(entrance->stream), deadline_ms))
        ended = tls_stream_shake(entrance->stream, &end);
    if (!ended) {
        end = TLS_STALLED;
        text_format(&because, "the peer did not go on with the handshake for %d s", LOBBY_PATIENCE_MS / 1000);
    } else if (end != TLS_DONE) {
        tls_stream_explain(entrance->stream, &because);
    }
    report(start, end, text_string(&because));
    return ended && end == TLS_DONE;
}

/* ---- the request ---- */

/* How many bytes the request has, as far as these tell; 0: it is none. */
static size_t whole_length(const unsigned char *bytes, size_t length)
{
    if (length < PDU_HEAD)
        return PDU_HEAD;
    size_t body = (size_t)bytes[2] << 24 | (size_t)bytes[3] << 16 | (size_t)bytes[4] << 8 | bytes[5];
    return bytes[0] == ASSOCIATE_RQ && body <= LOBBY_REQUEST_MOST - PDU_HEAD ? PDU_HEAD + body : 0;
}

static bool read_request(const struct entrance *entrance, int socket, struct text *ret_request)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOBBY_PATIENCE_MS;
    unsigned char bytes[4096];
    for (size_t whole;
         (whole = whole_length((const unsigned char *)ret_request->bytes, ret_request->length)) > 0;) {
        size_t left = whole - ret_request->length;
        if (left == 0)
            return true;
        ssize_t n = tls_stream_read(entrance->stream, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (n > 0)
            text_append_bytes(ret_request, bytes, (size_t)n);
        else if (n == 0 || !wait_for(socket, tls_stream_wants(entrance->stream), deadline_ms))
            return false;
    }
    return false;
}

/* ---- what the parent says ---- */

static bool read_answer(int way, struct entrance_answer *ret_answer, struct text *ret_passcode)
{
    size_t most = sizeof *ret_answer + ENTRANCE_PASSCODE_MOST;
    char *bytes = memory_new(most, 1);
    ssize_t n = wait_for(way, POLLIN, clock_monotonic_ms() + LOBBY_PATIENCE_MS) ? read(way, bytes, most) : -1;
    bool whole = n >= (ssize_t)sizeof *ret_answer;
    if (whole) {
        memcpy(ret_answer, bytes, sizeof *ret_answer);
        text_append_bytes(ret_passcode, bytes + sizeof *ret_answer, (size_t)n - sizeof *ret_answer);
    }
    explicit_bzero(bytes, most);
    free(bytes);
    return whole;
}

/* A parent that does not answer is one that is about to end. */
static enum lobby_answer ask_parent(struct entrance *entrance, const struct session_start *start,
                                    const struct text *request)
{
    struct entrance_question question = {.shown = false};
    struct entrance_answer answer = {.answer = LOBBY_CONGESTED};
    titles_read(request->bytes, request->length, &question.titles);
    question.shown = tls_stream_peer(entrance->stream, &question.certificate);
    claim_find(&entrance->claim, start->config, start->address, &question.titles,
               question.shown ? &question.certificate : NULL);
    if (write(start->proof, &question, sizeof question) != (ssize_t)sizeof question ||
        !read_answer(start->proof, &answer, &entrance->claim.passcode))
        return LOBBY_CONGESTED;
    return answer.answer;
}

static void reject(struct transport *transport, enum lobby_answer reason)
{
    const unsigned char pdu[] = {0x03, 0, 0, 0, 0, 4, 0, 2, 3, (unsigned char)reason}; /* as the lobby's */
    transport_say_goodbye(transport, pdu, sizeof pdu);
}

static bool come_in(struct entrance *entrance, const struct session_start *start)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    if (!shake(entrance, start))
        return false;
    tls_stream_forget_key(entrance->stream);
    if (!read_request(entrance, start->socket, &request)) {
        hints_tell(start->hints, HINT_SILENT, NULL, 0);
        return false;
    }
    enum lobby_answer answer = ask_parent(entrance, start, &request);
    if (answer != LOBBY_SERVED)
        reject(entrance->transport, answer);
    transport_put_back(entrance->transport, request.bytes, request.length);
    tls_stream_describe(entrance->stream, &entrance->description);
    return answer == LOBBY_SERVED;
}

bool entrance_pass(struct entrance *entrance, struct session_start *start)
{
    const struct transport_layer layer = {entrance->stream,   tls_stream_read,  tls_stream_write,
                                          tls_stream_pending, tls_stream_wants, tls_stream_finish};
    entrance->transport = transport_create(start->socket, start->config->receiver.idle_timeout_ms, &layer);
    bool in = come_in(entrance, start);
    tls_server_destroy(&start->tls);
    if (!in) {
        transport_see_out(entrance->transport, LOBBY_GOODBYE_MS);
        transport_destroy(&entrance->transport);
    }
    return in;
}
