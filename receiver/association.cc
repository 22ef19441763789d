#include "receiver/association.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcostrma.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/oflog/oflog.h>

#include "common/base/crash.h"
#include "common/base/err.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace
{

const int GOODBYE_SECONDS = 2; /* for the peer to close first, so that it reads our last words */

/* The end of DCMTK's stream is the handler, which swallows what it cannot keep: DCMTK itself would lose its
 * place in the association when a stream refuses the last piece of a data set. */
class HandlerConsumer : public DcmConsumer
{
  public:
    explicit HandlerConsumer(const association_handler *handler) : handler_(handler)
    {
    }
    OFBool good() const override
    {
        return OFTrue;
    }
    OFCondition status() const override
    {
        return EC_Normal;
    }
    OFBool isFlushed() const override
    {
        return OFTrue;
    }
    offile_off_t avail() const override
    {
        return 1 << 30;
    }
    offile_off_t write(const void *bytes, offile_off_t length) override
    {
        handler_->data(handler_->context, bytes, static_cast<size_t>(length));
        return length;
    }
    void flush() override
    {
    }

  private:
    const association_handler *handler_;
};

class HandlerStream : public DcmOutputStream
{
  public:
    explicit HandlerStream(const association_handler *handler)
        : DcmOutputStream(&consumer_), consumer_(handler)
    {
    }

  private:
    HandlerConsumer consumer_;
};

/* Our last words are read only if the connection is not reset, which it is when it is closed while bytes of
 * the peer are still unread: so they are read until the peer has closed its side, or for a while. */
void see_out(int socket)
{
    char bytes[16384];
    pollfd input = {socket, POLLIN, 0};
    time_t deadline = time(nullptr) + GOODBYE_SECONDS;
    while (time(nullptr) <= deadline && poll(&input, 1, 1000 * GOODBYE_SECONDS) > 0) {
        if (recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            return;
    }
}

/* What DCMTK opened, closed with the scope. */
struct Connection {
    int socket;
    T_ASC_Network *network = nullptr;
    T_ASC_Association *association = nullptr;

    ~Connection()
    {
        if (association) {
            see_out(socket);
            ASC_dropAssociation(association);
            ASC_destroyAssociation(&association);
        }
        if (network)
            ASC_dropNetwork(&network);
    }
};

struct Session {
    T_ASC_Association *association;
    const association_handler *handler;
    int socket;
    int idle_seconds;
    file_meta meta; /* the titles; the rest is filled in for each instance */
};

template <size_t N> void copy_trimmed(char (&to)[N], const char *from)
{
    size_t length = strnlen(from, N - 1);
    while (length && from[length - 1] == ' ')
        length--;
    for (; length && *from == ' '; length--)
        from++;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Those that DIMSE_receiveDataSetInFile() takes, which knows fewer than the rest of DCMTK: no JPIP, and not
 * GE's private variant of implicit big endian. */
bool syntax_can_be_received(E_TransferSyntax syntax)
{
    switch (syntax) {
    case EXS_LittleEndianImplicit:
    case EXS_LittleEndianExplicit:
    case EXS_BigEndianExplicit:
    case EXS_JPEGProcess1:
    case EXS_JPEGProcess2_4:
    case EXS_JPEGProcess3_5:
    case EXS_JPEGProcess6_8:
    case EXS_JPEGProcess7_9:
    case EXS_JPEGProcess10_12:
    case EXS_JPEGProcess11_13:
    case EXS_JPEGProcess14:
    case EXS_JPEGProcess15:
    case EXS_JPEGProcess16_18:
    case EXS_JPEGProcess17_19:
    case EXS_JPEGProcess20_22:
    case EXS_JPEGProcess21_23:
    case EXS_JPEGProcess24_26:
    case EXS_JPEGProcess25_27:
    case EXS_JPEGProcess28:
    case EXS_JPEGProcess29:
    case EXS_JPEGProcess14SV1:
    case EXS_RLELossless:
    case EXS_JPEGLSLossless:
    case EXS_JPEGLSLossy:
    case EXS_JPEG2000LosslessOnly:
    case EXS_JPEG2000:
    case EXS_JPEG2000MulticomponentLosslessOnly:
    case EXS_JPEG2000Multicomponent:
    case EXS_MPEG2MainProfileAtMainLevel:
    case EXS_MPEG2MainProfileAtHighLevel:
    case EXS_MPEG4HighProfileLevel4_1:
    case EXS_MPEG4BDcompatibleHighProfileLevel4_1:
    case EXS_MPEG4HighProfileLevel4_2_For2DVideo:
    case EXS_MPEG4HighProfileLevel4_2_For3DVideo:
    case EXS_MPEG4StereoHighProfileLevel4_2:
    case EXS_HEVCMainProfileLevel5_1:
    case EXS_HEVCMain10ProfileLevel5_1:
    case EXS_DeflatedLittleEndianExplicit:
        return true;
    default:
        return false;
    }
}

void answer_context(T_ASC_Parameters *parameters, const T_ASC_PresentationContext &context)
{
    if (!association_takes_class(context.abstractSyntax)) {
        ASC_refusePresentationContext(parameters, context.presentationContextID,
                                      ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
        return;
    }
    for (int i = 0; i < context.transferSyntaxCount; i++) {
        const char *syntax = context.proposedTransferSyntaxes[i];
        if (association_takes_syntax(syntax)) {
            ASC_acceptPresentationContext(parameters, context.presentationContextID, syntax);
            return;
        }
    }
    ASC_refusePresentationContext(parameters, context.presentationContextID,
                                  ASC_P_TRANSFERSYNTAXESNOTSUPPORTED);
}

association_end reject(T_ASC_Association *association, T_ASC_RejectParametersReason reason)
{
    T_ASC_RejectParameters parameters = {ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER, reason};
    ASC_rejectAssociation(association, &parameters);
    return ASSOCIATION_REJECTED;
}

/* ASSOCIATION_ENDS: it is established. */
association_end negotiate(Session &session)
{
    T_ASC_Parameters *parameters = session.association->params;
    char calling[DUL_LEN_TITLE + 1], called[DUL_LEN_TITLE + 1], context_name[DUL_LEN_NAME + 1];
    ASC_getAPTitles(parameters, calling, sizeof calling, called, sizeof called, nullptr, 0);
    copy_trimmed(session.meta.calling_aet, calling);
    copy_trimmed(session.meta.called_aet, called);
    association_verdict verdict =
        session.handler->admit(session.handler->context, session.meta.called_aet, session.meta.calling_aet);
    if (verdict == ASSOCIATION_CALLED_UNKNOWN)
        return reject(session.association, ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED);
    if (verdict == ASSOCIATION_CALLING_UNKNOWN)
        return reject(session.association, ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED);
    if (ASC_getApplicationContextName(parameters, context_name, sizeof context_name).bad() ||
        strcmp(context_name, UID_StandardApplicationContext) != 0)
        return reject(session.association, ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED);

    int count = ASC_countPresentationContexts(parameters);
    for (int i = 0; i < count; i++) {
        T_ASC_PresentationContext context;
        if (ASC_getPresentationContext(parameters, i, &context).good())
            answer_context(parameters, context);
    }
    return ASC_acknowledgeAssociation(session.association).good() ? ASSOCIATION_ENDS : ASSOCIATION_ABORTED;
}

OFCondition discard_data_set(const Session &session)
{
    DIC_UL bytes = 0, pieces = 0;
    return DIMSE_ignoreDataSet(session.association, DIMSE_NONBLOCKING, session.idle_seconds, &bytes, &pieces);
}

/* Not DIMSE_sendStoreResponse(), which cannot answer a request without identifiers. */
OFCondition answer_store(const Session &session, T_ASC_PresentationContextID context,
                         const T_DIMSE_C_StoreRQ &request, DIC_US status)
{
    T_DIMSE_Message message;
    memset(&message, 0, sizeof message);
    message.CommandField = DIMSE_C_STORE_RSP;
    T_DIMSE_C_StoreRSP &response = message.msg.CStoreRSP;
    response.MessageIDBeingRespondedTo = request.MessageID;
    response.DataSetType = DIMSE_DATASET_NULL;
    response.DimseStatus = status;
    if (request.AffectedSOPClassUID[0]) {
        memcpy(response.AffectedSOPClassUID, request.AffectedSOPClassUID,
               sizeof response.AffectedSOPClassUID);
        response.opts |= O_STORE_AFFECTEDSOPCLASSUID;
    }
    if (request.AffectedSOPInstanceUID[0]) {
        memcpy(response.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID,
               sizeof response.AffectedSOPInstanceUID);
        response.opts |= O_STORE_AFFECTEDSOPINSTANCEUID;
    }
    return DIMSE_sendMessageUsingMemoryData(session.association, context, &message, nullptr, nullptr, nullptr,
                                            nullptr);
}

file_meta_priority priority_of(const T_DIMSE_C_StoreRQ &request)
{
    switch (static_cast<int>(request.Priority)) {
    case DIMSE_PRIORITY_HIGH:
        return FILE_META_HIGH;
    case DIMSE_PRIORITY_LOW:
        return FILE_META_LOW;
    default:
        return FILE_META_MEDIUM;
    }
}

/* Like the other answers to requests: a bad condition means that the association cannot go on. */
OFCondition store(Session &session, T_ASC_PresentationContextID id, const T_DIMSE_C_StoreRQ &request)
{
    T_ASC_PresentationContext context;
    if (request.DataSetType == DIMSE_DATASET_NULL ||
        ASC_findAcceptedPresentationContext(session.association->params, id, &context).bad())
        return DIMSE_BADMESSAGE;
    if (strcmp(context.abstractSyntax, UID_VerificationSOPClass) == 0) {
        OFCondition discarded = discard_data_set(session);
        return discarded.bad()
                   ? discarded
                   : answer_store(session, id, request, STATUS_STORE_Refused_SOPClassNotSupported);
    }

    copy_trimmed(session.meta.sop_class, request.AffectedSOPClassUID);
    copy_trimmed(session.meta.sop_instance, request.AffectedSOPInstanceUID);
    copy_trimmed(session.meta.transfer_syntax, context.acceptedTransferSyntax);
    session.meta.priority = priority_of(request);
    session.handler->begin(session.handler->context, &session.meta);

    HandlerStream stream(session.handler);
    T_ASC_PresentationContextID data_id = 0;
    OFCondition condition = DIMSE_receiveDataSetInFile(
        session.association, DIMSE_NONBLOCKING, session.idle_seconds, &data_id, &stream, nullptr, nullptr);
    if (condition.bad())
        return condition;
    if (data_id != id)
        return DIMSE_BADMESSAGE;
    bool durable = session.handler->finish(session.handler->context);
    OFCondition answered = answer_store(session, id, request,
                                        durable ? STATUS_STORE_Success : STATUS_STORE_Refused_OutOfResources);
    CRASH_POINT_IF(durable, ASSOCIATION_ANSWERED);
    return answered;
}

/* The requests that only get "unrecognized operation": names as DCMTK writes them. */
#define UNSERVED_REQUESTS(X)        \
    X(C_GET, CGet)                  \
    X(C_FIND, CFind)                \
    X(C_MOVE, CMove)                \
    X(N_EVENT_REPORT, NEventReport) \
    X(N_GET, NGet)                  \
    X(N_SET, NSet)                  \
    X(N_ACTION, NAction)            \
    X(N_CREATE, NCreate)            \
    X(N_DELETE, NDelete)

OFCondition refuse_operation(const Session &session, T_ASC_PresentationContextID context,
                             const T_DIMSE_Message &request)
{
    T_DIMSE_Message response;
    memset(&response, 0, sizeof response);
    bool has_data_set = false;
    switch (request.CommandField) {
#define X(command, member)                                                                     \
    case DIMSE_##command##_RQ:                                                                 \
        has_data_set = request.msg.member##RQ.DataSetType != DIMSE_DATASET_NULL;               \
        response.CommandField = DIMSE_##command##_RSP;                                         \
        response.msg.member##RSP.MessageIDBeingRespondedTo = request.msg.member##RQ.MessageID; \
        response.msg.member##RSP.DataSetType = DIMSE_DATASET_NULL;                             \
        response.msg.member##RSP.DimseStatus = STATUS_N_UnrecognizedOperation;                 \
        break;
        UNSERVED_REQUESTS(X)
#undef X
    default:
        return DIMSE_BADCOMMANDTYPE;
    }
    OFCondition condition = EC_Normal;
    if (has_data_set)
        condition = discard_data_set(session);
    return condition.bad() ? condition
                           : DIMSE_sendMessageUsingMemoryData(session.association, context, &response,
                                                              nullptr, nullptr, nullptr, nullptr);
}

OFCondition answer(Session &session, T_ASC_PresentationContextID context, T_DIMSE_Message &request)
{
    switch (request.CommandField) {
    case DIMSE_C_STORE_RQ:
        return store(session, context, request.msg.CStoreRQ);
    case DIMSE_C_ECHO_RQ:
        return DIMSE_sendEchoResponse(session.association, context, &request.msg.CEchoRQ, STATUS_Success,
                                      nullptr);
    case DIMSE_C_CANCEL_RQ:
        return EC_Normal; /* there is nothing to cancel and no answer to a cancel */
    default:
        return refuse_operation(session, context, request);
    }
}

/* Not ASC_abortAssociation(), which then waits for the peer as long as it waits for data. */
association_end abort(const Session &session, association_end end)
{
    const char pdu[] = {7, 0, 0, 0, 0, 4, 0, 0, 0, 0}; /* A-ABORT, source: service user */
    if (send(session.socket, pdu, sizeof pdu, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        shutdown(session.socket, SHUT_WR);
    return end;
}

/* Whether the peer, or DCMTK at its wish, has closed the connection. */
bool connection_is_gone(int socket)
{
    char byte;
    ssize_t n = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

association_end end_of(const Session &session, const OFCondition &condition)
{
    if (condition == DIMSE_NODATAAVAILABLE)
        return ASSOCIATION_IDLE;
    return condition == DUL_PEERABORTEDASSOCIATION || connection_is_gone(session.socket)
               ? ASSOCIATION_ABORTED
               : ASSOCIATION_PROTOCOL;
}

/* A C-STORE request whose identifiers are missing or malformed is received all the same: its data set may say
 * what it is, and the router parks what does not fit together. */
bool is_store_to_receive(const OFCondition &condition, const T_DIMSE_Message &request)
{
    return (condition == DIMSE_BADMESSAGE || condition == DIMSE_PARSEFAILED) &&
           request.CommandField == DIMSE_C_STORE_RQ && request.msg.CStoreRQ.MessageID != 0;
}

/* DCMTK writes an answer in two pieces; the peer gets them as one packet, and wakes up once. */
void hold_packets(int socket, int on)
{
    setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

association_end answer_requests(Session &session)
{
    for (;;) {
        association_wait wait = session.handler->wait(session.handler->context);
        if (wait != ASSOCIATION_INPUT)
            return abort(session, wait == ASSOCIATION_SILENT ? ASSOCIATION_IDLE : ASSOCIATION_STOPPED);
        T_ASC_PresentationContextID context = 0;
        T_DIMSE_Message request;
        memset(&request, 0, sizeof request);
        OFCondition condition = DIMSE_receiveCommand(session.association, DIMSE_NONBLOCKING,
                                                     session.idle_seconds, &context, &request, nullptr);
        if (condition == DUL_PEERREQUESTEDRELEASE) {
            ASC_acknowledgeRelease(session.association);
            return ASSOCIATION_RELEASED;
        }
        if (condition.good() || is_store_to_receive(condition, request)) {
            hold_packets(session.socket, 1);
            condition = answer(session, context, request);
            hold_packets(session.socket, 0);
        }
        if (condition.bad())
            return abort(session, end_of(session, condition));
    }
}

association_end serve(int socket, int idle_seconds, const association_handler *handler)
{
    Connection connection = {socket};
    dcmExternalSocketHandle.set(socket);
    dcmDisableGethostbyaddr.set(OFTrue);
    dcmSocketSendTimeout.set(idle_seconds);
    dcmSocketReceiveTimeout.set(idle_seconds);
    if (ASC_initializeNetwork(NET_ACCEPTOR, 0, idle_seconds, &connection.network).bad())
        return ASSOCIATION_PROTOCOL;
    if (ASC_receiveAssociation(connection.network, &connection.association, ASC_MAXIMUMPDUSIZE, nullptr,
                               nullptr, OFFalse, DUL_NOBLOCK, idle_seconds)
            .bad())
        return ASSOCIATION_PROTOCOL;
    Session session = {connection.association, handler, socket, idle_seconds, {}};
    association_end end = negotiate(session);
    return end == ASSOCIATION_ENDS ? answer_requests(session) : end;
}

} // namespace

const char *association_end_name(enum association_end end)
{
    static const char *const names[] = {
#define X(name, text) text,
        ASSOCIATION_END_MAP(X)
#undef X
    };
    return names[end];
}

int association_prepare(void)
{
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    bool loaded = dcmDataDict.rdlock().isDictionaryLoaded();
    dcmDataDict.rdunlock();
    return loaded ? 0 : ERR_ABSENT;
}

bool association_takes_class(const char *uid)
{
    return dcmIsaStorageSOPClassUID(uid, ESSC_All) || strcmp(uid, UID_VerificationSOPClass) == 0 ||
           !dcmFindNameOfUID(uid);
}

bool association_takes_syntax(const char *uid)
{
    return syntax_can_be_received(DcmXfer(uid).getXfer());
}

enum association_end association_serve(int socket, int idle_seconds,
                                       const struct association_handler *handler)
{
    try {
        return serve(socket, idle_seconds, handler);
    } catch (...) {
        return ASSOCIATION_PROTOCOL;
    }
}
