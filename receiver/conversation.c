#include "receiver/conversation.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/text.h"
#include "common/dicom/commitment.h"
#include "receiver/dimse.h"
#include "receiver/event_report.h"
#include "receiver/upper.h"

#include <stdio.h>
#include <string.h>

struct conversation {
    const struct conversation_start *start;
    struct upper *upper;
    struct text command; /* bytes of the one that comes in */
    struct text asked;   /* the data set of an N-ACTION */
    const char *because;
    unsigned char asked_in; /* the context of the last one that was taken */
    uint16_t told;          /* the Message ID of our last report */
    bool telling;           /* it is not answered yet */
};

/* How the association ends: ASSOCIATION_ENDS while it goes on. */
static enum association_end broken(struct conversation *conversation, const char *because)
{
    conversation->because = because;
    return ASSOCIATION_PROTOCOL;
}

static enum upper_event next(struct conversation *conversation, struct upper_piece *ret_piece)
{
    conversation->start->handler->progress(conversation->start->handler->context);
    return upper_next(conversation->upper, ret_piece);
}

static enum association_end end_of(struct conversation *conversation, enum upper_event event)
{
    switch (event) {
    case UPPER_SILENT:
        return ASSOCIATION_IDLE;
    case UPPER_SLOW:
        return ASSOCIATION_SLOW;
    case UPPER_RELEASE:
        return broken(conversation, "a release within a message");
    case UPPER_BROKEN:
        return broken(conversation, upper_because(conversation->upper));
    default:
        return ASSOCIATION_ABORTED;
    }
}

/* ---- in ---- */

static enum association_end add_to_command(struct conversation *conversation, const struct upper_piece *piece,
                                           unsigned char context)
{
    if (!piece->is_command)
        return broken(conversation, "data without a command");
    if (piece->context != context || !conversation->start->contexts[context].accepted)
        return broken(conversation, "a command in a presentation context that was not accepted");
    if (conversation->command.length + piece->length > DIMSE_MOST)
        return broken(conversation, "a command set of more than 64 KiB");
    text_append_bytes(&conversation->command, piece->bytes, piece->length);
    return ASSOCIATION_ENDS;
}

/* The first event of a message may also be the end of the association. */
static enum association_end receive_request(struct conversation *conversation, unsigned char *ret_context,
                                            struct dimse_request *ret_request)
{
    struct upper_piece piece;
    enum upper_event event = next(conversation, &piece);
    if (event == UPPER_RELEASE)
        return ASSOCIATION_RELEASED;
    text_clear(&conversation->command);
    unsigned char context = event == UPPER_PIECE ? piece.context : 0;
    for (;; event = next(conversation, &piece)) {
        if (event != UPPER_PIECE)
            return end_of(conversation, event);
        enum association_end end = add_to_command(conversation, &piece, context);
        if (end != ASSOCIATION_ENDS)
            return end;
        if (piece.is_last)
            break;
    }
    *ret_context = context;
    const char *wrong = dimse_read(conversation->command.bytes, conversation->command.length, ret_request);
    return wrong ? broken(conversation, wrong) : ASSOCIATION_ENDS;
}

/* Who gets a data set. */
enum whose { NOBODYS, OF_AN_INSTANCE, OF_A_COMMITMENT };

/* False: these bytes are of no use. */
static bool take_piece(struct conversation *conversation, enum whose whose, const struct upper_piece *piece)
{
    const struct association_handler *handler = conversation->start->handler;
    if (whose == OF_AN_INSTANCE)
        return handler->data(handler->context, piece->bytes, piece->length);
    if (whose == NOBODYS || conversation->asked.length + piece->length > COMMITMENT_BYTES_MOST)
        return false;
    text_append_bytes(&conversation->asked, piece->bytes, piece->length);
    return true;
}

static enum association_end receive_data_set(struct conversation *conversation, unsigned char context,
                                             enum whose whose, int64_t *ret_wasted)
{
    struct upper_piece piece = {.is_last = false};
    int64_t wasted = 0, most = whose == OF_AN_INSTANCE ? ASSOCIATION_REFUSED_MOST : ASSOCIATION_WASTE_MOST;
    while (!piece.is_last) {
        enum upper_event event = next(conversation, &piece);
        if (event != UPPER_PIECE)
            return end_of(conversation, event);
        if (piece.is_command)
            return broken(conversation, "a command within a data set");
        if (piece.context != context)
            return broken(conversation, "a data set in another presentation context than its command");
        if (!take_piece(conversation, whose, &piece))
            wasted += (int64_t)piece.length;
        if (wasted > most) {
            conversation->because = "a data set went on after it was refused";
            return ASSOCIATION_WASTED;
        }
    }
    *ret_wasted = wasted;
    return ASSOCIATION_ENDS;
}

/* ---- out ---- */

static enum association_end answer_why(struct conversation *conversation, unsigned char context,
                                       const struct dimse_request *request, enum dimse_status status,
                                       const char *comment)
{
    AUTO(text_release) struct text command = TEXT_EMPTY;
    dimse_answer(request, status, comment, &command);
    return upper_send_command(conversation->upper, context, command.bytes, command.length)
               ? ASSOCIATION_ENDS
               : ASSOCIATION_ABORTED;
}

static enum association_end answer(struct conversation *conversation, unsigned char context,
                                   const struct dimse_request *request, enum dimse_status status)
{
    return answer_why(conversation, context, request, status, NULL);
}

static enum dimse_status status_of(enum association_answer answer)
{
    switch (answer) {
    case ASSOCIATION_STORED:
        return DIMSE_SUCCESS;
    case ASSOCIATION_MISMATCH:
        return DIMSE_DATA_SET_MISMATCH;
    case ASSOCIATION_UNFIT:
        return DIMSE_CANNOT_UNDERSTAND;
    default:
        return DIMSE_OUT_OF_RESOURCES;
    }
}

static enum association_end store(struct conversation *conversation, unsigned char context,
                                  const struct dimse_request *request)
{
    const struct conversation_start *start = conversation->start;
    const struct association_handler *handler = start->handler;
    if (!request->has_data_set)
        return broken(conversation, "a C-STORE request without a data set");
    struct file_meta meta = {.priority = request->priority};
    (void)snprintf(meta.sop_class, sizeof meta.sop_class, "%s", request->sop_class);
    (void)snprintf(meta.sop_instance, sizeof meta.sop_instance, "%s", request->sop_instance);
    (void)snprintf(meta.transfer_syntax, sizeof meta.transfer_syntax, "%s",
                   start->contexts[context].transfer_syntax);
    (void)snprintf(meta.calling_aet, sizeof meta.calling_aet, "%s", start->calling_aet);
    (void)snprintf(meta.called_aet, sizeof meta.called_aet, "%s", start->called_aet);
    handler->begin(handler->context, &meta);
    int64_t wasted;
    enum association_end end = receive_data_set(conversation, context, OF_AN_INSTANCE, &wasted);
    if (end != ASSOCIATION_ENDS)
        return end;
    enum association_answer said = handler->finish(handler->context);
    end = answer(conversation, context, request, status_of(said));
    CRASH_POINT_IF(said == ASSOCIATION_STORED, ASSOCIATION_ANSWERED);
    return end;
}

static enum association_end refuse(struct conversation *conversation, unsigned char context,
                                   const struct dimse_request *request, enum dimse_status status)
{
    enum association_end end = ASSOCIATION_ENDS;
    int64_t wasted;
    if (request->has_data_set)
        end = receive_data_set(conversation, context, NOBODYS, &wasted);
    return end == ASSOCIATION_ENDS ? answer(conversation, context, request, status) : end;
}

/* ---- storage commitment ---- */

/* What is wrong with the command of an N-ACTION (PS3.7 section 10.1.4.1.10); DIMSE_SUCCESS: nothing. */
static enum dimse_status judge_action(const struct dimse_request *request)
{
    if (strcmp(request->sop_class, COMMITMENT_CLASS) != 0)
        return DIMSE_NO_SUCH_CLASS;
    if (strcmp(request->sop_instance, COMMITMENT_INSTANCE) != 0)
        return DIMSE_NO_SUCH_INSTANCE;
    if (request->action != 1)
        return DIMSE_NO_SUCH_ACTION;
    return request->has_data_set ? DIMSE_SUCCESS : DIMSE_INVALID_ARGUMENT;
}

static enum dimse_status status_of_commitment(enum association_commitment said)
{
    static const enum dimse_status statuses[ASSOCIATION_COMMITMENTS] = {
        [ASSOCIATION_ASKED] = DIMSE_SUCCESS,
        [ASSOCIATION_NOWHERE] = DIMSE_PROCESSING_FAILURE,
        [ASSOCIATION_UNREADABLE] = DIMSE_INVALID_ARGUMENT,
        [ASSOCIATION_NO_ROOM] = DIMSE_RESOURCE_LIMITATION};
    return statuses[said];
}

static enum association_end take_action(struct conversation *conversation, unsigned char context,
                                        const struct dimse_request *request)
{
    const struct conversation_start *start = conversation->start;
    const struct association_handler *handler = start->handler;
    enum dimse_status wrong = judge_action(request);
    if (wrong != DIMSE_SUCCESS)
        return refuse(conversation, context, request, wrong);
    int64_t wasted = 0;
    text_clear(&conversation->asked);
    enum association_end end = receive_data_set(conversation, context, OF_A_COMMITMENT, &wasted);
    if (end != ASSOCIATION_ENDS)
        return end;
    if (wasted > 0)
        return answer_why(conversation, context, request, DIMSE_RESOURCE_LIMITATION,
                          "the data set is longer than 4 MiB");
    const char *comment = NULL;
    enum association_commitment said =
        handler->commit(handler->context, conversation->asked.bytes, conversation->asked.length,
                        start->contexts[context].transfer_syntax, &comment);
    end = answer_why(conversation, context, request, status_of_commitment(said), comment);
    if (said == ASSOCIATION_ASKED)
        conversation->asked_in = context;
    CRASH_POINT_IF(said == ASSOCIATION_ASKED, ASSOCIATION_COMMITMENT_ANSWERED);
    return end;
}

/* Between two messages. The peer may have sent a request meanwhile, which is served first. */
static enum association_end tell(struct conversation *conversation)
{
    const struct conversation_start *start = conversation->start;
    const struct work_report *report = start->handler->report(start->handler->context);
    AUTO(text_release) struct text command = TEXT_EMPTY;
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    if (!report)
        return ASSOCIATION_ENDS;
    conversation->telling = true;
    dimse_event_report(++conversation->told, event_report_type(report), &command);
    event_report_write(report, start->contexts[conversation->asked_in].transfer_syntax, &data_set);
    bool sent =
        upper_send_command(conversation->upper, conversation->asked_in, command.bytes, command.length) &&
        upper_send_data_set(conversation->upper, conversation->asked_in, data_set.bytes, data_set.length);
    return sent ? ASSOCIATION_ENDS : ASSOCIATION_ABORTED;
}

static enum association_end hear(struct conversation *conversation, unsigned char context,
                                 const struct dimse_request *answer)
{
    const struct association_handler *handler = conversation->start->handler;
    enum association_end end = ASSOCIATION_ENDS;
    int64_t wasted;
    if (!conversation->telling || answer->message_id != conversation->told)
        return broken(conversation, "a response that nobody asked for");
    if (answer->has_data_set)
        end = receive_data_set(conversation, context, NOBODYS, &wasted);
    if (end != ASSOCIATION_ENDS)
        return end;
    conversation->telling = false;
    CRASH_POINT(ASSOCIATION_REPORT_ANSWERED);
    handler->reported(handler->context, answer->status);
    return ASSOCIATION_ENDS;
}

/* ---- */

static enum association_end serve(struct conversation *conversation, unsigned char context,
                                  const struct dimse_request *request)
{
    enum conversation_service service = conversation->start->contexts[context].service;
    switch (request->field) {
    case DIMSE_C_STORE:
        return service != CONVERSATION_STORAGE
                   ? refuse(conversation, context, request, DIMSE_CLASS_NOT_SUPPORTED)
                   : store(conversation, context, request);
    case DIMSE_N_ACTION:
        return service != CONVERSATION_COMMITMENT
                   ? refuse(conversation, context, request, DIMSE_UNRECOGNIZED_OPERATION)
                   : take_action(conversation, context, request);
    case DIMSE_C_ECHO:
        return refuse(conversation, context, request, DIMSE_SUCCESS);
    case DIMSE_N_EVENT_REPORT_ANSWER:
        return hear(conversation, context, request);
    case DIMSE_C_CANCEL:
        return ASSOCIATION_ENDS; /* there is nothing to cancel and no answer to a cancel */
    default:
        return refuse(conversation, context, request, DIMSE_UNRECOGNIZED_OPERATION);
    }
}

/* ---- */

static enum association_end answer_requests(struct conversation *conversation)
{
    const struct association_handler *handler = conversation->start->handler;
    for (;;) {
        struct dimse_request request;
        unsigned char context;
        if (!upper_pending(conversation->upper)) {
            enum association_wait wait = handler->wait(handler->context);
            if (wait == ASSOCIATION_DUE) {
                enum association_end told = tell(conversation);
                if (told != ASSOCIATION_ENDS)
                    return told;
                continue;
            }
            if (wait != ASSOCIATION_INPUT)
                return wait == ASSOCIATION_SILENT ? ASSOCIATION_IDLE : ASSOCIATION_STOPPED;
        }
        transport_watch(conversation->start->transport, true);
        enum association_end end = receive_request(conversation, &context, &request);
        if (end == ASSOCIATION_ENDS)
            end = serve(conversation, context, &request);
        if (end != ASSOCIATION_ENDS)
            return end;
        transport_watch(conversation->start->transport, false);
    }
}

enum association_end conversation_run(const struct conversation_start *start, const char **ret_because)
{
    AUTO(upper_destroy) struct upper *upper = upper_create(start->transport, start->piece_most);
    struct conversation conversation = {.start = start, .upper = upper};
    enum association_end end = answer_requests(&conversation);
    if (end == ASSOCIATION_RELEASED)
        upper_confirm_release(upper);
    else if (end != ASSOCIATION_ABORTED)
        upper_abort(upper);
    text_release(&conversation.command);
    text_release(&conversation.asked);
    *ret_because = conversation.because;
    return end;
}
