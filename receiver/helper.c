#include "receiver/helper.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/wire/bus.h"
#include "common/service/metrics.h"
#include "common/sandbox/sandbox.h"
#include "common/service/service.h"
#include "common/spool/asked.h"
#include "common/spool/spool.h"
#include "common/tls/tls_end.h"
#include "receiver/association.h"
#include "receiver/cell.h"
#include "receiver/hint.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    TURN_MS = 1000,
    GATHER_MS = 3, /* what comes within this time is taken together, in one turn of this process */
    HINTS_AT_ONCE = 128
};

struct helper {
    int pipe;
    struct bus *bus;
    struct metrics *metrics;
    struct spool *spool; /* to ask for free space; NULL: it cannot be asked */
    struct cell cell;
    int64_t min_free_space;
    struct metric *instances, *refusals, *bytes, *odd, *durable, *hints;
    struct metric *associations, *rejected, *refused, *open, *free_bytes, *free_files, *unconfined;
    struct metric *handshakes, *expiry, *commitments;
    bool stopping;
};

/* The terminal's and the supervisor's signals are the parent's business: it says HINT_STOP. */
static void settle_signals(pid_t parent)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
}

static void add_metrics(struct helper *helper)
{
    static const char *const outcome[] = {"outcome", NULL}, *const reason[] = {"reason", NULL},
                             *const none[] = {NULL};
    struct metrics *m = helper->metrics;
    helper->instances =
        metrics_add(m, METRIC_COUNTER, "received_instances_total", "Instances by answer.", outcome);
    helper->refusals = metrics_add(m, METRIC_COUNTER, "received_refused_total",
                                   "Instances that were not answered with Success, by why.", reason);
    helper->bytes =
        metrics_add(m, METRIC_COUNTER, "received_bytes_total", "Bytes of stored data sets.", none);
    helper->odd = metrics_add(m, METRIC_COUNTER, "received_odd_total",
                              "Data sets of odd length, kept byte for byte as they came.", none);
    helper->commitments = metrics_add(m, METRIC_COUNTER, "commitments_asked_total",
                                      "Requests for storage commitment by answer.", outcome);
    helper->durable = metrics_add(m, METRIC_QUICK_HISTOGRAM, "receive_durable_seconds",
                                  "Time from the last byte of an instance until it is safe on disk.", none);
    helper->hints = metrics_add(m, METRIC_COUNTER, "hints_total", "Receipts told to the router.", outcome);
    helper->associations =
        metrics_add(m, METRIC_COUNTER, "associations_total", "Associations by how they ended.", outcome);
    helper->rejected = metrics_add(m, METRIC_COUNTER, "associations_rejected_total",
                                   "Associations rejected for what they asked for.", reason);
    helper->refused = metrics_add(m, METRIC_COUNTER, "refused_peers_total",
                                  "Peers turned away before an association.", reason);
    helper->open = metrics_add(m, METRIC_GAUGE, "associations", "Associations in progress.", none);
    helper->free_bytes =
        metrics_add(m, METRIC_GAUGE, "spool_free_bytes", "Free space of the spool's file system.", none);
    helper->free_files = metrics_add(m, METRIC_GAUGE, "spool_free_inodes",
                                     "How many more files the spool's file system takes.", none);
}

/* Whether associations can be expected to be: the configuration wants it, and the kernel has it all. */
static bool is_confined(const struct config *config)
{
    AUTO(text_release) struct text lacks = TEXT_EMPTY;
    sandbox_ask_kernel(&lacks);
    return config->sandbox != CONFIG_OFF && lacks.length == 0;
}

static void add_unconfined(struct helper *helper, const struct config *config)
{
    static const char *const none[] = {NULL};
    helper->unconfined = metrics_add(helper->metrics, METRIC_GAUGE, "sandbox_off",
                                     "1: associations are limited less than they could be (sandbox).", none);
    metric_set(helper->unconfined, NULL, is_confined(config) ? 0 : 1);
}

static void count(struct metric *metric, const char *value, double amount)
{
    const char *values[] = {value};
    metric_add(metric, value ? values : NULL, amount);
}

static void add_tls(struct helper *helper)
{
    static const char *const outcome[] = {"outcome", NULL}, *const of[] = {"certificate", NULL};
    helper->handshakes = metrics_add(helper->metrics, METRIC_COUNTER, "tls_handshakes_total",
                                     "TLS handshakes of peers by how they ended.", outcome);
    helper->expiry = metrics_add(helper->metrics, METRIC_GAUGE, "certificate_expiry_seconds",
                                 "Time until a certificate in use ends, negative when it has.", of);
    for (int end = 0; end < TLS_ENDS; end++)
        count(helper->handshakes, tls_end_name((enum tls_end)end), 0);
}

/* Every label is a word of ours. */
static const char *refusal_name(int64_t refusal)
{
    static const char *const names[] = {
#define X(name, text) text,
        HINT_REFUSAL_MAP(X)
#undef X
    };
    return refusal >= 0 && refusal < HINT_REFUSALS ? names[refusal] : names[HINT_DISK];
}

/* Each word of a label is there from the start, so that its first increase can be seen. */
static void begin_at_zero(struct helper *helper)
{
    for (int end = 0; end < ASSOCIATION_ENDS; end++)
        count(helper->associations, association_end_name((enum association_end)end), 0);
    count(helper->instances, "stored", 0);
    count(helper->instances, "refused", 0);
    for (int refusal = 0; refusal < HINT_REFUSALS; refusal++)
        count(helper->refusals, refusal_name(refusal), 0);
    count(helper->odd, NULL, 0);
    count(helper->commitments, "asked", 0);
    count(helper->commitments, "refused", 0);
    count(helper->hints, "sent", 0);
    count(helper->hints, "dropped", 0);
    for (int verdict = ASSOCIATION_ADMITTED + 1; verdict < ASSOCIATION_VERDICTS; verdict++)
        count(helper->rejected, association_verdict_name((enum association_verdict)verdict), 0);
    count(helper->refused, "limit", 0);
    count(helper->refused, "no_process", 0);
    count(helper->refused, "address", 0);
    count(helper->refused, "silent", 0);
}

static void show_limits(struct helper *helper, const struct config *config)
{
    static const char *const none[] = {NULL};
    struct metrics *m = helper->metrics;
    helper->min_free_space = config->receiver.min_free_space;
    metric_set(metrics_add(m, METRIC_GAUGE, "spool_min_free_bytes",
                           "With less free space every instance is refused (receiver.min_free_space).", none),
               NULL, (double)config->receiver.min_free_space);
    metric_set(metrics_add(m, METRIC_GAUGE, "associations_max",
                           "Further associations are refused (receiver.max_associations).", none),
               NULL, config->receiver.max_associations);
    if (spool_open(config->state_dir, &helper->spool) != 0)
        helper->spool = NULL;
    cell_init(&helper->cell, helper->spool, string_starts_with(config->endpoints.hints, "tcp://"));
    metrics_set_cell(helper->metrics, false);
}

static void serve_metrics(struct helper *helper, const struct config *config)
{
    if (config->metrics.port == 0)
        return;
    if (metrics_serve(helper->metrics, config->metrics.bind, config->metrics.port) != 0)
        log_error("health port not available, going on without", LOG_S("bind", config->metrics.bind),
                  LOG_I("port", config->metrics.port));
}

static void connect_router(struct helper *helper, const struct config *config)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (bus_create(config, BUS_PUSH, config->endpoints.hints, &helper->bus, &reason) != 0)
        log_error("no way to tell the router, it will find instances by scanning",
                  LOG_S("reason", text_string(&reason)));
}

static void tell_router(struct helper *helper, const char *receipt)
{
    bool told = helper->bus && bus_send(helper->bus, NULL, receipt, RECEIPT_LENGTH, NULL, 0) == 0;
    count(helper->hints, told ? "sent" : "dropped", 1);
}

static void take_certificate(struct helper *helper, int64_t ends_ms)
{
    if (helper->expiry)
        metric_set(helper->expiry, (const char *const[]){"receiver"},
                   (double)(ends_ms - clock_wall_ms()) / 1000);
}

/* The parent lives: whether an instance would be taken now. */
static void take_beat(struct helper *helper, int64_t associations)
{
    struct spool_room room = {INT64_MAX, INT64_MAX};
    metric_set(helper->open, NULL, (double)associations);
    if (helper->spool && spool_room(helper->spool, &room) == 0) {
        metric_set(helper->free_bytes, NULL, (double)room.bytes);
        metric_set(helper->free_files, NULL, (double)room.files);
    }
    metrics_progress(helper->metrics, spool_room_suffices(&room, helper->min_free_space));
    metrics_set_cell(helper->metrics, helper->spool && cell_works(&helper->cell, clock_monotonic_ms()));
}

static void take_instance(struct helper *helper, const struct hint *hint)
{
    CRASH_POINT(HELPER_TOOK_HINT);
    tell_router(helper, hint->receipt);
    CRASH_POINT(HELPER_SENT_HINT);
    count(helper->instances, "stored", 1);
    count(helper->bytes, NULL, (double)hint->number);
    metric_observe(helper->durable, NULL, (double)hint->durable_us / 1e6);
}

/* Why a peer was turned away. */
static const char *reason_of(enum hint_kind kind)
{
    return kind == HINT_CONGESTED  ? "no_process"
           : kind == HINT_LIMIT    ? "limit"
           : kind == HINT_STRANGER ? "address"
                                   : "silent";
}

/* The router looks into their folder. */
static void take_commitment(struct helper *helper, int64_t outcome)
{
    count(helper->commitments, outcome == ASSOCIATION_ASKED ? "asked" : "refused", 1);
    if (outcome == ASSOCIATION_ASKED && helper->bus)
        (void)bus_send(helper->bus, NULL, ASKED_HINT, strlen(ASKED_HINT), NULL, 0);
}

static void take(struct helper *helper, const struct hint *hint)
{
    switch (hint->kind) {
    case HINT_INSTANCE:
        take_instance(helper, hint);
        break;
    case HINT_REFUSED:
        count(helper->instances, "refused", 1);
        count(helper->refusals, refusal_name(hint->number), 1);
        break;
    case HINT_ASSOCIATION:
        count(helper->associations, association_end_name((enum association_end)hint->number), 1);
        break;
    case HINT_REJECTED:
        count(helper->rejected, association_verdict_name((enum association_verdict)hint->number), 1);
        break;
    case HINT_COMMITMENT:
        take_commitment(helper, hint->number);
        break;
    case HINT_ODD:
        count(helper->odd, NULL, 1);
        break;
    case HINT_BEAT:
        take_beat(helper, hint->number);
        break;
    case HINT_UNCONFINED:
        metric_set(helper->unconfined, NULL, 1);
        break;
    case HINT_TLS:
        count(helper->handshakes, tls_end_name((enum tls_end)hint->number), 1);
        break;
    case HINT_CERTIFICATE:
        take_certificate(helper, hint->number);
        break;
    case HINT_STOP:
        helper->stopping = true;
        break;
    default:
        count(helper->refused, reason_of(hint->kind), 1);
    }
}

/* The pipe holds whole hints only, so what is read ends with a whole one. */
static void turn(struct helper *helper)
{
    struct hint hints[HINTS_AT_ONCE];
    struct pollfd input = {.fd = helper->pipe, .events = POLLIN};
    if (poll(&input, 1, TURN_MS) <= 0)
        return;
    (void)poll(NULL, 0, GATHER_MS);
    ssize_t length = read(helper->pipe, hints, sizeof hints);
    for (ssize_t i = 0; i < length / (ssize_t)sizeof *hints; i++) {
        if (hint_is_sound(&hints[i]))
            take(helper, &hints[i]);
    }
}

_Noreturn void helper_run(const struct config *config, int pipe, pid_t parent)
{
    settle_signals(parent);
    struct helper helper = {.pipe = pipe, .metrics = metrics_create()};
    service_describe(config, helper.metrics);
    add_metrics(&helper);
    add_unconfined(&helper, config);
    add_tls(&helper);
    begin_at_zero(&helper);
    show_limits(&helper, config);
    connect_router(&helper, config);
    serve_metrics(&helper, config);
    while (!helper.stopping)
        turn(&helper);
    bus_destroy(&helper.bus);
    metrics_destroy(&helper.metrics);
    spool_destroy(&helper.spool);
    _exit(EXIT_SUCCESS);
}
