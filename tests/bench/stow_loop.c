#include "tests/bench/stow_loop.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/kheops/credentials.h"
#include "common/http/http.h"
#include "sender/batch.h"
#include "sender/multipart.h"
#include "sender/stow.h"
#include "tests/support/files.h"
#include "tests/support/require.h"

#include <stdlib.h>
#include <string.h>

struct stow_loop {
    struct config *config;
    struct config_destination destination; /* a copy, for another address */
    struct text url;
    struct spool *spool;
    struct work_item *items;
    size_t count, capacity;
    struct http *http;
    struct credentials credentials;
    size_t instances_a_request, next, end; /* numbers of instances */
};

struct request {
    struct stow_loop *loop;
    struct work work;
    struct work_result *result;
    struct batch *batch;
    struct multipart *multipart;
};

/* ---- what there is to send ---- */

static int take_receipt(void *context, const char *receipt)
{
    struct stow_loop *loop = context;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    loop->items = memory_grow(loop->items, &loop->capacity, loop->count + 1, sizeof *loop->items);
    struct work_item *item = &loop->items[loop->count++];
    memcpy(item->receipt, receipt, RECEIPT_SIZE);
    spool_append_path(loop->spool, SPOOL_QUEUE, receipt, &path);
    item->size = file_size(text_string(&path));
    return 0;
}

static int by_receipt(const void *a, const void *b)
{
    return strcmp(((const struct work_item *)a)->receipt, ((const struct work_item *)b)->receipt);
}

struct stow_loop *stow_loop_create(const char *config_file, int port)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    struct stow_loop *loop = memory_new(1, sizeof *loop);
    require(config_load(config_file, &loop->config, &errors, &warnings) == 0, "%s", text_string(&errors));
    require(spool_open(loop->config->state_dir, &loop->spool) == 0, "no spool");
    require(spool_scan(loop->spool, SPOOL_QUEUE, take_receipt, loop) == 0, "no queue");
    qsort(loop->items, loop->count, sizeof *loop->items, by_receipt);
    text_format(&loop->url, "http://127.0.0.1:%d/api/studies", port);
    loop->destination = *config_find_destination(loop->config, "main");
    loop->destination.stow_url = (char *)text_string(&loop->url);
    return loop;
}

void stow_loop_destroy(struct stow_loop **loop)
{
    if (!*loop)
        return;
    spool_destroy(&(*loop)->spool);
    config_destroy(&(*loop)->config);
    text_release(&(*loop)->url);
    free((*loop)->items);
    memory_free(loop);
}

/* ---- requests ---- */

static void start_next(struct stow_loop *loop);

static void request_done(void *context, struct http_answer *answer)
{
    struct request *request = context;
    struct stow_loop *loop = request->loop;
    require(answer->status == 200, "%d %s", answer->status, text_string(&answer->reason));
    multipart_destroy(&request->multipart);
    batch_destroy(&request->batch);
    work_result_destroy(&request->result);
    free(request);
    start_next(loop);
}

static void start_next(struct stow_loop *loop)
{
    size_t left = loop->end - loop->next;
    if (left == 0)
        return;
    struct request *request = memory_new(1, sizeof *request);
    request->loop = loop;
    request->work =
        (struct work){.stage = WORK_SEND,
                      .destination = loop->destination.name,
                      .study = (char *)"1.2.3",
                      .items = loop->items + loop->next,
                      .item_count = left < loop->instances_a_request ? left : loop->instances_a_request};
    loop->next += request->work.item_count;
    request->result = work_result_create(&request->work);
    batch_open(loop->spool, &request->work, request->result, &request->batch);
    require(request->batch->count == request->work.item_count, "a spool file is missing");
    require(multipart_create(request->batch, &request->multipart) == 0, "no random bytes");
    stow_start(loop->http, &loop->destination, &loop->credentials, request->multipart, request->batch->count,
               request_done, request, NULL);
}

double stow_loop_run(struct stow_loop *loop, size_t instances_a_request, size_t connections, size_t count)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    loop->instances_a_request = instances_a_request;
    loop->next = 0;
    loop->end = count < loop->count ? count : loop->count;
    require(http_create(&loop->http) == 0, "no memory");
    require(credentials_of_destination(&loop->destination, &loop->credentials, &reason) == 0, "%s",
            text_string(&reason));
    int64_t start = clock_monotonic_ms();
    for (size_t i = 0; i < connections; i++)
        start_next(loop);
    while (http_active(loop->http) > 0)
        http_poll(loop->http, NULL, 0, 1000);
    int64_t elapsed = clock_monotonic_ms() - start;
    credentials_wipe(&loop->credentials);
    http_destroy(&loop->http);
    return (double)loop->end * 1000 / (double)(elapsed > 0 ? elapsed : 1);
}
