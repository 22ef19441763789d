#include "tests/kheops-sim/request.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "tests/kheops-sim/late.h"
#include "tests/kheops-sim/route.h"
#include "tests/kheops-sim/server.h"
#include "tests/kheops-sim/stow.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20 }; /* of anything but STOW */

/* The library's per-request pointer. */
struct request {
    struct call call;
    const struct route *route;
    struct stow *stow;
    struct fault_effect body_fault;
    bool has_body_fault;
    bool discard;      /* the answer is known: pass over the rest of the body */
    bool nothing_done; /* by order of a fault: what came is not stored */
    bool finished;
    bool landed; /* it counts as in flight no more */
    uint64_t received;
    int64_t delay_ms;   /* of every answer, as it was set when the request came */
    int64_t silent_ms;  /* since the request came; and ... */
    int64_t overdue_ms; /* ... how much longer KHEOPS works than nginx waits */
};

/* ---- what handlers see ---- */

const char *call_header(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

const char *call_argument(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

void call_answer(struct call *call, const char *recorded)
{
    const struct recorded *answer = recorded_find(call->sim->answers, recorded);
    if (answer)
        answer_recorded(&call->answer, answer, call_header(call, "Accept"));
    else
        answer_text(&call->answer, 500, "kheops-sim: answers.txt has no such answer");
}

bool call_wait(struct call *call, int64_t milliseconds)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int64_t end = clock_monotonic_ms() + milliseconds;
    for (int64_t left = milliseconds; left > 0; left = end - clock_monotonic_ms()) {
        struct pollfd fds[] = {{info->connect_fd, POLLRDHUP, 0},
                               {server_leaving_fd(call->sim->server), POLLIN, 0}};
        if (poll(fds, 2, left < 60000 ? (int)left : 60000) > 0)
            return false;
    }
    return true;
}

/* ---- counting ---- */

static void count_request(const struct request *r)
{
    if (r->route && r->route->admin)
        return; /* what a test asks is nothing that a client did */
    struct counters *counters = &r->call.sim->model->counters;
    const char *expect = call_header(&r->call, "Expect");
    model_lock(r->call.sim->model);
    counters->requests[r->call.kind]++;
    counters->continues += expect && strncmp(expect, "100", 3) == 0;
    counters->token_in_url += strncmp(r->call.path, "/api/link/", 10) == 0;
    if (r->call.kind == KIND_STOW && ++counters->in_flight > counters->in_flight_max)
        counters->in_flight_max = counters->in_flight;
    model_unlock(r->call.sim->model);
}

static void count_answer(const struct request *r, int status)
{
    if (r->route && r->route->admin)
        return;
    model_lock(r->call.sim->model);
    r->call.sim->model->counters.answers[r->call.kind][status > 0 && status < STATUS_MAX ? status : 0]++;
    model_unlock(r->call.sim->model);
}

/* Before its answer goes out: whoever reads that may send the next one at once. */
static void leave_flight(struct request *r)
{
    if (r->call.kind != KIND_STOW || r->landed)
        return;
    r->landed = true;
    model_lock(r->call.sim->model);
    r->call.sim->model->counters.in_flight--;
    model_unlock(r->call.sim->model);
    if (r->stow)
        stow_land(r->stow);
}

static void count_end(const struct request *r, bool cut)
{
    if (r->call.kind != KIND_STOW)
        return;
    model_lock(r->call.sim->model);
    r->call.sim->model->counters.bytes += r->received;
    r->call.sim->model->counters.cut += cut;
    model_unlock(r->call.sim->model);
}

/* ---- answering ---- */

static enum MHD_Result drop(struct request *r)
{
    count_answer(r, 0);
    r->finished = true;
    if (r->nothing_done)
        leave_flight(r);
    return MHD_NO;
}

static enum MHD_Result send_answer(struct request *r)
{
    struct answer *answer = &r->call.answer;
    if (answer->status == ANSWER_DROP)
        return drop(r);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, (void *)(uintptr_t)text_string(&answer->body), MHD_RESPMEM_MUST_COPY);
    if (*answer->content_type)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    if (*answer->retry_after)
        MHD_add_response_header(response, "Retry-After", answer->retry_after);
    if (*answer->location)
        MHD_add_response_header(response, "Location", answer->location);
    if (*answer->authenticate)
        MHD_add_response_header(response, "WWW-Authenticate", answer->authenticate);
    if (answer->close)
        MHD_add_response_header(response, "Connection", "close");
    count_answer(r, answer->status);
    r->finished = true;
    leave_flight(r);
    enum MHD_Result result = MHD_queue_response(r->call.connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- KHEOPS works, nginx waits ---- */

static void work(struct request *r, int64_t milliseconds)
{
    int64_t patience = r->call.sim->silence_ms - r->silent_ms;
    if (r->overdue_ms || milliseconds > patience) {
        r->overdue_ms += milliseconds - patience;
        milliseconds = patience;
    }
    call_wait(&r->call, milliseconds);
    r->silent_ms += milliseconds;
}

static void finish_late(void *context, bool in_time)
{
    struct stow *stow = context;
    if (in_time)
        stow_commit(stow, true, true);
    stow_destroy(&stow);
}

/* nginx has waited long enough; KHEOPS works on. */
static void give_up(struct request *r)
{
    call_answer(&r->call, "nginx: too slow");
    if (!r->stow || r->nothing_done)
        return;
    stow_detach(r->stow);
    late_after(r->call.sim->late, r->overdue_ms, finish_late, r->stow);
    r->stow = NULL;
}

/* Does to a request what a fault orders; afterwards the answer's status says whether there is one. */
static void apply(struct request *r, const struct fault_effect *effect)
{
    struct answer *answer = &r->call.answer;
    work(r, effect->delay_ms);
    switch (effect->action) {
    case FAULT_RECORDED:
        call_answer(&r->call, effect->body);
        break;
    case FAULT_STATUS:
        answer_text(answer, effect->status, effect->body);
        if (*effect->content_type)
            memcpy(answer->content_type, effect->content_type, sizeof effect->content_type);
        memcpy(answer->retry_after, effect->retry_after, sizeof effect->retry_after);
        memcpy(answer->location, effect->location, sizeof effect->location);
        break;
    case FAULT_HANG:
        call_wait(&r->call, INT64_MAX / 2);
        answer->status = ANSWER_DROP;
        break;
    case FAULT_DROP:
        answer->status = ANSWER_DROP;
        break;
    case FAULT_GARBAGE:
        answer_text(answer, 200, "{\"00081199\": {\"vr\": \"SQ\", \"Value\": [{");
        snprintf(answer->content_type, sizeof answer->content_type, "application/dicom+json");
        break;
    case FAULT_EMPTY:
        answer_text(answer, 200, "");
        break;
    case FAULT_CLOSE:
        answer->close = true;
        break;
    default:
        break;
    }
}

/* The album and token names are those of the Authorization header; looked up without counting a use. */
static bool take_fault(struct request *r, enum fault_stage stage, struct fault_effect *ret_effect)
{
    struct call *call = &r->call;
    const char *authorization = call_header(call, "Authorization");
    const char *text = authorization && strncmp(authorization, "Bearer ", 7) == 0 ? authorization + 7 : "";
    struct fault_target target = {.kind = call->kind, .token = text};
    if (*call->study)
        target.study = call->study;
    if (*call->series)
        target.series = call->series;
    if (r->stow)
        target.items = stow_items(r->stow, &target.item_count);
    model_lock(call->sim->model);
    const struct token *token = token_find(call->sim->model, text);
    if (token && token->album)
        target.album = token->album->name; /* an album lives as long as the model */
    model_unlock(call->sim->model);
    return !(r->route && r->route->admin) && fault_take(call->sim->faults, stage, &target, ret_effect);
}

/* ---- a request's three steps ---- */

static enum MHD_Result begin(struct sim *sim, struct MHD_Connection *connection, const char *path,
                             const char *method, bool admin_only, void **ret_request)
{
    struct request *r = memory_new(1, sizeof *r);
    *ret_request = r;
    r->call.sim = sim;
    r->call.method = method;
    r->call.path = path;
    r->call.connection = connection;
    r->call.admin = admin_only;
    r->route = route_find(&r->call);
    if (admin_only && r->route && !r->route->admin)
        call_answer(&r->call, "no such path");
    r->delay_ms = atomic_load(&sim->delay_ms);
    count_request(r);
    struct fault_effect effect;
    if (!r->call.answer.status && take_fault(r, FAULT_BEFORE, &effect)) {
        apply(r, &effect);
        if (r->call.answer.status)
            return send_answer(r);
    }
    const char *length = call_header(&r->call, "Content-Length");
    if (!r->call.answer.status && r->call.kind == KIND_STOW && length &&
        strtoull(length, NULL, 10) > sim->max_body) {
        call_answer(&r->call, "nginx: too large");
        return send_answer(r);
    }
    if (!r->call.answer.status && r->call.kind == KIND_STOW) {
        r->stow = stow_begin(&r->call);
        r->has_body_fault = take_fault(r, FAULT_BODY, &r->body_fault);
    }
    r->discard = r->call.answer.status != 0;
    return MHD_YES;
}

static enum MHD_Result take_body(struct request *r, const char *bytes, size_t length)
{
    r->received += length;
    if (r->has_body_fault && r->received >= r->body_fault.bytes) {
        r->has_body_fault = false;
        apply(r, &r->body_fault);
        if (r->call.answer.status == ANSWER_DROP)
            return drop(r);
        r->discard |= r->call.answer.status != 0;
    }
    if (r->discard)
        return MHD_YES;
    if (r->stow) {
        stow_feed(r->stow, bytes, length);
    } else if (r->received > BODY_MAX) {
        call_answer(&r->call, "nginx: too large");
        r->discard = true;
    } else {
        text_append_bytes(&r->call.body, bytes, length);
    }
    return MHD_YES;
}

static void handle(struct request *r)
{
    struct fault_effect effect = {.action = FAULT_NONE};
    bool fault = take_fault(r, FAULT_STORED, &effect);
    if (r->stow)
        work(r, stow_work_ms(r->stow));
    if (r->overdue_ms) {
        give_up(r);
        return;
    }
    if (r->stow) {
        stow_commit(r->stow, true, effect.action != FAULT_INVISIBLE);
        stow_answer(r->stow);
    } else {
        r->route->handle(&r->call);
    }
    if (fault)
        apply(r, &effect);
    if (r->overdue_ms)
        call_answer(&r->call, "nginx: too slow");
}

static void count_whole(const struct request *r)
{
    if (r->call.kind != KIND_STOW)
        return;
    model_lock(r->call.sim->model);
    r->call.sim->model->counters.whole++;
    model_unlock(r->call.sim->model);
}

static enum MHD_Result finish(struct request *r)
{
    struct fault_effect effect;
    count_whole(r);
    if (!r->discard && take_fault(r, FAULT_UNSTORED, &effect)) {
        apply(r, &effect);
        r->nothing_done = r->call.answer.status != 0;
    }
    if (!r->call.answer.status)
        handle(r);
    if ((!r->route || !r->route->admin) && !r->overdue_ms)
        work(r, r->delay_ms);
    if (r->overdue_ms && r->call.answer.status != ANSWER_DROP)
        call_answer(&r->call, "nginx: too slow");
    return send_answer(r);
}

static enum MHD_Result on_request(struct sim *sim, struct MHD_Connection *connection, const char *path,
                                  const char *method, bool admin_only, const char *bytes, size_t *length,
                                  void **request)
{
    struct request *r = *request;
    if (!r)
        return begin(sim, connection, path, method, admin_only, request);
    if (r->finished)
        return MHD_YES;
    if (*length == 0)
        return finish(r);
    size_t taken = *length;
    *length = 0;
    return take_body(r, bytes, taken);
}

enum MHD_Result request_on_kheops(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *length,
                                  void **request)
{
    (void)version;
    return on_request(cls, connection, path, method, false, bytes, length, request);
}

enum MHD_Result request_on_admin(void *cls, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *bytes, size_t *length,
                                 void **request)
{
    (void)version;
    return on_request(cls, connection, path, method, true, bytes, length, request);
}

/* The row of a series in an album is there for everybody now. */
static void forget_join(struct request *r)
{
    if (!r->call.joined)
        return;
    model_lock(r->call.sim->model);
    struct member *member = series_member(r->call.joined, r->call.joined_album);
    if (member && member->joiner == &r->call)
        member->joiner = NULL;
    model_unlock(r->call.sim->model);
}

/* The client went away in the middle: the instances that came completely are stored, as at KHEOPS. */
void request_on_completed(void *cls, struct MHD_Connection *connection, void **request,
                          enum MHD_RequestTerminationCode code)
{
    (void)cls, (void)connection, (void)code;
    struct request *r = *request;
    if (!r)
        return;
    bool cut = r->stow && !r->finished;
    forget_join(r);
    if (r->stow && !r->nothing_done)
        stow_commit(r->stow, false, true);
    leave_flight(r);
    stow_destroy(&r->stow);
    count_end(r, cut);
    text_release(&r->call.body);
    answer_release(&r->call.answer);
    free(r);
    *request = NULL;
}
