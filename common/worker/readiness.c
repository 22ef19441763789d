#include "common/worker/readiness.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/address.h"
#include "common/config/secret.h"
#include "common/kheops/credentials.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MOST = 64 * 1024, PATIENCE_MS = 5000 };

/* One question under way. */
struct look {
    struct worker_process *process;
    struct work_look said;
    struct http_transfer *transfer;
    struct look *next;
};

static void release(struct look *look)
{
    struct look **at = &look->process->looks;
    while (*at != look)
        at = &(*at)->next;
    *at = look->next;
    http_cancel(&look->transfer);
    free(look->said.destination);
    free(look->said.album);
    free(look);
}

void readiness_give_up(struct worker_process *process)
{
    while (process->looks)
        release(process->looks);
}

static bool is_same(const struct work_look *a, const struct work_look *b)
{
    return strcmp(a->destination, b->destination) == 0 && strcmp(a->address, b->address) == 0 &&
           (a->album ? b->album && strcmp(a->album, b->album) == 0 : !b->album);
}

static bool is_asked(const struct worker_process *process, const struct work_look *said)
{
    const struct look *look = process->looks;
    while (look && !is_same(&look->said, said))
        look = look->next;
    return look != NULL;
}

/* Whether this process has what a request there needs. */
static bool may_ask(const struct look *look)
{
    struct worker_process *process = look->process;
    const struct config_destination *destination =
        config_find_destination(process->config, look->said.destination);
    return !process->kind->ready || !destination || process->kind->ready(process, destination);
}

static void take_answer(void *context, struct http_answer *answer)
{
    struct look *look = context;
    look->transfer = NULL;
    bool answered = answer->trouble == HTTP_NONE || answer->trouble == HTTP_OVERSIZE;
    look->said.ready = may_ask(look) && answered && answer->status > 0 && answer->status < 500;
    worker_report_seen(look->process->worker, &look->said);
    release(look);
}

/* What is asked, of a target that is configured as the router has it. */
static bool find_url(const struct config_destination *destination, const struct config_album *album,
                     const char *address, struct text *ret_url)
{
    char ours[ADDRESS_SIZE] = "";
    if (album)
        address_of_album(album, ours);
    else
        address_of_destination(destination, ours);
    const char *api_url = album ? album->api_url : destination->api_url;
    bool is_kheops = album || (destination->kheops && api_url);
    text_format(ret_url, "%s/%s", is_kheops ? api_url : destination->origin, is_kheops ? "readiness" : "");
    return strcmp(ours, address) == 0;
}

static void ask(struct worker_process *process, const struct work_look *said,
                const struct config_destination *destination, const char *url, const char *proxy)
{
    struct look *look = memory_new(1, sizeof *look);
    look->process = process;
    look->said = *said;
    look->said.destination = memory_string(said->destination);
    look->said.album = said->album ? memory_string(said->album) : NULL;
    look->next = process->looks;
    process->looks = look;
    const struct http_request request = {.method = HTTP_GET,
                                         .url = url,
                                         .tls = credentials_tls(destination),
                                         .proxy = proxy,
                                         .http2 = destination->http2,
                                         .answer_max = ANSWER_MOST,
                                         .answer_ms = PATIENCE_MS};
    http_start(process->http, &request, take_answer, look, &look->transfer);
}

void readiness_look(struct worker_process *process, const struct work_look *said)
{
    const struct config_destination *destination =
        config_find_destination(process->config, said->destination);
    const struct config_album *album =
        destination && said->album ? config_find_album(destination, said->album) : NULL;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(secret_wipe) struct text proxy = TEXT_EMPTY;
    if (!destination || (said->album && !album) || is_asked(process, said) ||
        !find_url(destination, album, said->address, &url) ||
        credentials_proxy(destination, &proxy, &reason) != 0)
        return;
    ask(process, said, destination, text_string(&url), text_string(&proxy));
}
