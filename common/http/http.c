#include "common/http/http.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/http/http_curl.h"

#include <curl/curl.h>
#include <stdlib.h>

enum { FDS_MOST = 8, CONNECTIONS_KEPT = 64 };

struct http {
    CURLM *multi;
    struct http_transfer *transfers; /* under way */
    struct http_transfer *unmade;    /* could not be made: done is called by the next poll */
    size_t active;
};

int http_create(struct http **ret_http)
{
    AUTO(http_destroy) struct http *http = memory_new(1, sizeof *http);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_NOMEM;
    http->multi = curl_multi_init();
    if (!http->multi)
        return ERR_NOMEM;
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    *ret_http = http;
    http = NULL;
    return 0;
}

static void link_to(struct http_transfer **list, struct http_transfer *transfer)
{
    transfer->previous = NULL;
    transfer->next = *list;
    if (*list)
        (*list)->previous = transfer;
    *list = transfer;
}

static void unlink_from_all(struct http_transfer *transfer)
{
    struct http *http = transfer->http;
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else if (http->transfers == transfer)
        http->transfers = transfer->next;
    else
        http->unmade = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
    http->active--;
}

void http_cancel(struct http_transfer **transfer)
{
    struct http_transfer *gone = *transfer;
    if (!gone)
        return;
    *transfer = NULL;
    if (gone->easy)
        (void)curl_multi_remove_handle(gone->http->multi, gone->easy);
    unlink_from_all(gone);
    http_curl_release(gone);
    free(gone);
}

void http_destroy(struct http **http)
{
    struct http *gone = *http;
    if (!gone)
        return;
    while (gone->transfers)
        http_cancel(&(struct http_transfer *){gone->transfers});
    while (gone->unmade)
        http_cancel(&(struct http_transfer *){gone->unmade});
    if (gone->multi)
        (void)curl_multi_cleanup(gone->multi);
    curl_global_cleanup();
    free(gone);
    *http = NULL;
}

void http_start(struct http *http, const struct http_request *request, http_done *done, void *context,
                struct http_transfer **ret_transfer)
{
    struct http_transfer *transfer = memory_new(1, sizeof *transfer);
    transfer->http = http;
    transfer->done = done;
    transfer->context = context;
    transfer->started_at = clock_monotonic_ms();
    bool made = http_curl_prepare(transfer, request) &&
                curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
    link_to(made ? &http->transfers : &http->unmade, transfer);
    http->active++;
    if (ret_transfer)
        *ret_transfer = transfer;
}

static void transfer_finish(struct http_transfer *transfer, CURLcode code)
{
    struct http_answer answer = {0};
    http_done *done = transfer->done;
    void *context = transfer->context;
    http_curl_answer(transfer, (int)code, &answer);
    http_cancel(&transfer);
    done(context, &answer);
    text_release(&answer.body);
    text_release(&answer.location);
    text_release(&answer.reason);
}

/* Ends what has waited too long for its answer. libcurl has a limit for silence, none for a trickle. */
static size_t finish_late(struct http *http, int64_t now)
{
    size_t finished = 0;
    struct http_transfer *next;
    for (struct http_transfer *transfer = http->transfers; transfer; transfer = next) {
        next = transfer->next;
        CRASH_POINT_IF(transfer->source.read && transfer->source.context != transfer && transfer->handed_at,
                       SENDER_BODY_SENT);
        if (transfer->handed_at == 0 || now - transfer->handed_at < transfer->answer_ms)
            continue;
        transfer->late = true;
        transfer_finish(transfer, CURLE_OPERATION_TIMEDOUT);
        finished++;
        next = http->transfers; /* done may have changed the list */
    }
    return finished;
}

/* libcurl begins again by itself when reading finds a reused connection dead, but not when writing does. */
static bool begin_again(struct http_transfer *transfer, CURLcode code)
{
    struct http *http = transfer->http;
    long connects = 1;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (code != CURLE_SEND_ERROR || connects != 0 || transfer->begun_again || !http_curl_rewind(transfer))
        return false;
    transfer->begun_again = true;
    (void)curl_multi_remove_handle(http->multi, transfer->easy);
    return curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
}

/* Calls done for all that ended; returns how many. */
static size_t move_on(struct http *http)
{
    int running = 0, left = 0;
    size_t finished = 0;
    CURLMsg *message;
    (void)curl_multi_perform(http->multi, &running);
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct http_transfer *transfer = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        if (begin_again(transfer, code))
            continue;
        transfer_finish(transfer, code);
        finished++;
    }
    for (; http->unmade; finished++)
        transfer_finish(http->unmade, CURLE_BAD_FUNCTION_ARGUMENT);
    return finished + finish_late(http, clock_monotonic_ms());
}

static int64_t until_next_late(const struct http *http, int64_t wait_ms)
{
    int64_t now = clock_monotonic_ms();
    for (const struct http_transfer *transfer = http->transfers; transfer; transfer = transfer->next) {
        int64_t left = transfer->handed_at + transfer->answer_ms - now;
        if (transfer->handed_at != 0 && left < wait_ms)
            wait_ms = left;
    }
    return wait_ms < 0 ? 0 : wait_ms;
}

void http_poll(struct http *http, struct pollfd *fds, size_t count, int64_t wait_ms)
{
    struct curl_waitfd waits[FDS_MOST];
    size_t finished = move_on(http);
    for (size_t i = 0; i < count && i < FDS_MOST; i++)
        waits[i] = (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    int wait = finished > 0 ? 0 : (int)until_next_late(http, wait_ms);
    (void)curl_multi_poll(http->multi, waits, (unsigned)(count < FDS_MOST ? count : FDS_MOST), wait, NULL);
    for (size_t i = 0; i < count && i < FDS_MOST; i++)
        fds[i].revents = waits[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0;
    (void)move_on(http);
}

size_t http_active(const struct http *http)
{
    return http->active;
}
