#include "receiver/association.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/oflog/oflog.h>

#include "common/base/err.h"
#include "common/dicom/commitment.h"
#include "common/dicom/implementation.h"
#include "common/dicom/uid.h"
#include "receiver/conversation.h"
#include "receiver/titles.h"
#include "receiver/transport.h"
#include "receiver/upper.h"
#include "receiver/window.h"

#include <cstring>

namespace
{

const int64_t GOODBYE_MS = 2000; /* for the peer to close first, so that it reads our last words */

/* What DCMTK reads and writes during the negotiation goes through our transport. */
class Connection : public DcmTransportConnection
{
  public:
    Connection(DcmNativeSocketType socket, transport *transport)
        : DcmTransportConnection(socket), transport_(transport), window_(window_create())
    {
    }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    ~Connection() override
    {
        window_destroy(&window_);
    }
    OFCondition serverSideHandshake() override
    {
        return EC_Normal;
    }
    OFCondition clientSideHandshake() override
    {
        return EC_Normal;
    }
    OFCondition renegotiate(const char *) override
    {
        return EC_Normal;
    }
    ssize_t read(void *bytes, size_t size) override
    {
        ssize_t n = transport_read(transport_, bytes, size);
        if (n > 0)
            window_hear(window_, bytes, static_cast<size_t>(n));
        return n < 0 ? -1 : n;
    }
    ssize_t write(void *bytes, size_t size) override
    {
        size_t length = 0;
        const void *said = window_say(window_, bytes, size, &length);
        return transport_write(transport_, said, length) <= 0 ? -1 : static_cast<ssize_t>(size);
    }
    /* The transport's owner closes it. */
    void close() override
    {
    }
    void closeTransportConnection() override
    {
    }
    unsigned long getPeerCertificateLength() override
    {
        return 0;
    }
    unsigned long getPeerCertificate(void *, unsigned long) override
    {
        return 0;
    }
    OFBool networkDataAvailable(int seconds) override
    {
        return transport_wait(transport_, 1000 * static_cast<int64_t>(seconds));
    }
    OFBool isTransparentConnection() override
    {
        return OFFalse; /* so that nobody polls the socket itself */
    }
    OFString &dumpConnectionParameters(OFString &text) override
    {
        return text;
    }

  private:
    transport *transport_;
    window *window_;
};

class Layer : public DcmTransportLayer
{
  public:
    explicit Layer(transport *transport) : transport_(transport)
    {
    }
    DcmTransportConnection *createConnection(DcmNativeSocketType socket, OFBool) override
    {
        return new Connection(socket, transport_);
    }

  private:
    transport *transport_;
};

/* What a negotiation holds, released with the scope. */
struct Negotiation {
    transport *bytes;
    Layer layer;
    T_ASC_Network *network = nullptr;
    T_ASC_Association *association = nullptr;

    explicit Negotiation(transport *transport) : bytes(transport), layer(bytes)
    {
    }
    Negotiation(const Negotiation &) = delete;
    Negotiation &operator=(const Negotiation &) = delete;
    ~Negotiation()
    {
        transport_see_out(bytes, GOODBYE_MS);
        if (association) {
            ASC_dropAssociation(association);
            ASC_destroyAssociation(&association);
        }
        if (network)
            ASC_dropNetwork(&network);
        transport_destroy(&bytes);
    }
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

/* What is agreed on with the peer. */
struct Agreement {
    char calling[FILE_META_AET_SIZE], called[FILE_META_AET_SIZE];
    conversation_context contexts[256];
};

conversation_service service_of(const char *abstract_syntax)
{
    if (strcmp(abstract_syntax, UID_VerificationSOPClass) == 0)
        return CONVERSATION_VERIFICATION;
    return strcmp(abstract_syntax, COMMITMENT_CLASS) == 0 ? CONVERSATION_COMMITMENT : CONVERSATION_STORAGE;
}

/* Its data sets are read here: Explicit VR Little Endian before Implicit, no other. */
int choose_for_commitment(const char *const *uids, int count)
{
    int chosen = -1;
    for (int i = 0; i < count; i++)
        if (commitment_takes_syntax(uids[i]) &&
            (chosen < 0 || strcmp(uids[i], UID_LittleEndianExplicitTransferSyntax) == 0))
            chosen = i;
    return chosen;
}

void answer_context(T_ASC_Parameters *parameters, const T_ASC_PresentationContext &context,
                    const association_handler *handler, Agreement &agreement)
{
    if (!association_takes_class(context.abstractSyntax)) {
        ASC_refusePresentationContext(parameters, context.presentationContextID,
                                      ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
        return;
    }
    const char *proposed[DICOM_MAXTRANSFERSYNTAXES];
    for (int i = 0; i < context.transferSyntaxCount; i++)
        proposed[i] = context.proposedTransferSyntaxes[i];
    conversation_service service = service_of(context.abstractSyntax);
    int chosen = service == CONVERSATION_COMMITMENT
                     ? choose_for_commitment(proposed, context.transferSyntaxCount)
                     : association_choose_syntax(proposed, context.transferSyntaxCount,
                                                 service == CONVERSATION_VERIFICATION ? nullptr : handler);
    if (chosen < 0) {
        ASC_refusePresentationContext(parameters, context.presentationContextID,
                                      ASC_P_TRANSFERSYNTAXESNOTSUPPORTED);
        return;
    }
    if (ASC_acceptPresentationContext(parameters, context.presentationContextID, proposed[chosen]).bad())
        return;
    conversation_context &agreed = agreement.contexts[context.presentationContextID];
    agreed.accepted = true;
    agreed.service = service;
    copy_trimmed(agreed.transfer_syntax, proposed[chosen]);
}

association_end reject(T_ASC_Association *association, association_verdict verdict)
{
    static const struct {
        unsigned result, source, reason;
    } codes[] = {
#define X(name, result, source, reason, text) {result, source, reason},
        ASSOCIATION_VERDICT_MAP(X)
#undef X
    };
    T_ASC_RejectParameters parameters;
    parameters.result = static_cast<T_ASC_RejectParametersResult>(codes[verdict].result);
    parameters.source = static_cast<T_ASC_RejectParametersSource>(codes[verdict].source);
    parameters.reason =
        static_cast<T_ASC_RejectParametersReason>(codes[verdict].source << 8 | codes[verdict].reason);
    ASC_rejectAssociation(association, &parameters);
    return ASSOCIATION_REJECTED;
}

/* What a peer says of its user; released with the scope. */
struct Passcode {
    char *bytes = nullptr;
    Uint16 length = 0;
    bool answer_wanted = false;

    explicit Passcode(T_ASC_Parameters *parameters)
    {
        UserIdentityNegotiationSubItemRQ *user = nullptr;
        ASC_getUserIdentRQ(parameters, &user);
        if (!user || user->getIdentityType() != ASC_USER_IDENTITY_USER_PASSWORD)
            return;
        answer_wanted = user->isPosResponseRequested();
        user->getSecField(bytes, length);
    }
    Passcode(const Passcode &) = delete;
    Passcode &operator=(const Passcode &) = delete;
    ~Passcode()
    {
        if (bytes)
            explicit_bzero(bytes, length);
        delete[] bytes;
    }
};

association_verdict ask(T_ASC_Parameters *parameters, const association_handler *handler,
                        const Agreement &agreement)
{
    Passcode passcode(parameters);
    const association_request request = {agreement.called, agreement.calling, passcode.bytes,
                                         passcode.length};
    bool proved = false;
    association_verdict verdict = handler->admit(handler->context, &request, &proved);
    /* Who asks for a positive response wants to know that somebody looked. */
    if (proved && passcode.answer_wanted)
        parameters->DULparams.ackUserIdentNeg =
            new UserIdentityNegotiationSubItemAC(); /* it has no more to say */
    return verdict;
}

/* The toolkit's name is not ours. */
void say_who_we_are(T_ASC_Parameters *parameters)
{
    copy_trimmed(parameters->ourImplementationClassUID, IMPLEMENTATION_CLASS);
    copy_trimmed(parameters->ourImplementationVersionName, IMPLEMENTATION_NAME);
}

/* ASSOCIATION_ENDS: it is established. */
association_end negotiate(T_ASC_Association *association, const association_handler *handler,
                          Agreement &agreement)
{
    T_ASC_Parameters *parameters = association->params;
    char calling[DUL_LEN_TITLE + 1], called[DUL_LEN_TITLE + 1], context_name[DUL_LEN_NAME + 1];
    ASC_getAPTitles(parameters, calling, sizeof calling, called, sizeof called, nullptr, 0);
    title_trim(calling, &agreement.calling);
    title_trim(called, &agreement.called);
    association_verdict verdict = ask(parameters, handler, agreement);
    if (verdict != ASSOCIATION_ADMITTED)
        return reject(association, verdict);
    if (ASC_getApplicationContextName(parameters, context_name, sizeof context_name).bad() ||
        strcmp(context_name, UID_StandardApplicationContext) != 0)
        return reject(association, ASSOCIATION_OTHER_APPLICATION);

    int count = ASC_countPresentationContexts(parameters);
    for (int i = 0; i < count; i++) {
        T_ASC_PresentationContext context;
        if (ASC_getPresentationContext(parameters, i, &context).good())
            answer_context(parameters, context, handler, agreement);
    }
    say_who_we_are(parameters);
    return ASC_acknowledgeAssociation(association).good() ? ASSOCIATION_ENDS : ASSOCIATION_ABORTED;
}

/* A peer that asks for something that cannot be read hears that we leave (PS3.8 table 9-10, AA-1 and AA-8). */
association_end abort_unreadable(transport *bytes, const OFCondition &condition, const char **ret_because)
{
    static const char pdu[] = {7, 0, 0, 0, 0, 4, 0, 0, 2, 0}; /* A-ABORT of the service provider */
    transport_say_goodbye(bytes, pdu, sizeof pdu);
    if (condition == DUL_NETWORKCLOSED || condition == DUL_PEERABORTEDASSOCIATION)
        return ASSOCIATION_ABORTED;
    if (condition == DUL_READTIMEOUT)
        return ASSOCIATION_IDLE;
    *ret_because = condition == DUL_UNSUPPORTEDPEERPROTOCOL
                       ? "its A-ASSOCIATE-RQ asks for another version of the protocol"
                       : "its A-ASSOCIATE-RQ cannot be read";
    return ASSOCIATION_PROTOCOL;
}

association_end serve(transport *transport, int idle_seconds, const association_handler *handler,
                      const char **ret_because)
{
    Negotiation negotiation(transport);
    dcmExternalSocketHandle.set(transport_socket(transport));
    dcmDisableGethostbyaddr.set(OFTrue);
    dcmSocketSendTimeout.set(idle_seconds);
    dcmSocketReceiveTimeout.set(idle_seconds);
    if (ASC_initializeNetwork(NET_ACCEPTOR, 0, idle_seconds, &negotiation.network).bad() ||
        ASC_setTransportLayer(negotiation.network, &negotiation.layer, 0).bad())
        return ASSOCIATION_PROTOCOL;
    transport_watch(negotiation.bytes, true);
    OFCondition received =
        ASC_receiveAssociation(negotiation.network, &negotiation.association, UPPER_PDU_MOST, nullptr,
                               nullptr, OFFalse, DUL_NOBLOCK, idle_seconds);
    if (received.bad())
        return abort_unreadable(negotiation.bytes, received, ret_because);
    transport_watch(negotiation.bytes, false);
    Agreement agreement = {};
    association_end end = negotiate(negotiation.association, handler, agreement);
    if (end != ASSOCIATION_ENDS)
        return end;
    const conversation_start start = {
        negotiation.bytes,  handler,
        agreement.calling,  agreement.called,
        agreement.contexts, static_cast<size_t>(negotiation.association->sendPDVLength)};
    return conversation_run(&start, ret_because);
}

bool is_one_of(const char *uid, const char *const *uids)
{
    while (*uids && strcmp(*uids, uid) != 0)
        uids++;
    return *uids != nullptr;
}

/* The smaller, the better; what is not uncompressed comes by the proposer's order alone. */
int rank(const char *uid)
{
    static const char *const plain[] = {UID_LittleEndianExplicitTransferSyntax,
                                        UID_LittleEndianImplicitTransferSyntax,
                                        UID_BigEndianExplicitTransferSyntax};
    for (int i = 0; i < 3; i++)
        if (strcmp(uid, plain[i]) == 0)
            return i;
    return -1;
}

/* Their pixel data is elsewhere: taken where nothing else is offered. */
bool refers_elsewhere(const char *uid)
{
    static const char *const references[] = {"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95",
                                             "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205", nullptr};
    return is_one_of(uid, references);
}

/* Classes without a study (PS3.4 annex GG), and other services, that are newer than the toolkit. */
bool is_newer_and_not_of_a_study(const char *uid)
{
    static const char *const classes[] = {
        "1.2.840.10008.5.1.4.1.1.200.4", /* Protocol Approval: find, move, get */
        "1.2.840.10008.5.1.4.1.1.200.5",
        "1.2.840.10008.5.1.4.1.1.200.6",
        "1.2.840.10008.5.1.4.1.1.201.1", /* Inventory */
        "1.2.840.10008.5.1.4.1.1.201.2", /* its find, move, get, creation, and the query of a repository */
        "1.2.840.10008.5.1.4.1.1.201.3",
        "1.2.840.10008.5.1.4.1.1.201.4",
        "1.2.840.10008.5.1.4.1.1.201.5",
        "1.2.840.10008.5.1.4.1.1.201.6",
        nullptr,
    };
    return is_one_of(uid, classes);
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

const char *association_verdict_name(enum association_verdict verdict)
{
    static const char *const names[] = {
#define X(name, result, source, reason, text) text,
        ASSOCIATION_VERDICT_MAP(X)
#undef X
    };
    return names[verdict];
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
    if (strcmp(uid, UID_VerificationSOPClass) == 0 || strcmp(uid, COMMITMENT_CLASS) == 0)
        return true;
    if (dcmIsaStorageSOPClassUID(uid, ESSC_NonPatient) || is_newer_and_not_of_a_study(uid))
        return false;
    return dcmIsaStorageSOPClassUID(uid, ESSC_All) || !dcmFindNameOfUID(uid);
}

int association_choose_syntax(const char *const *uids, int count, const struct association_handler *handler)
{
    int chosen = -1;
    for (int i = 0; i < count; i++) {
        if (!uid_is_plain(uids[i]) || (handler && !handler->takes_syntax(handler->context, uids[i])))
            continue;
        int old = chosen < 0 ? -1 : rank(uids[chosen]), its = rank(uids[i]);
        bool better = old >= 0 && its >= 0 && its < old;
        if (chosen < 0 || better || (refers_elsewhere(uids[chosen]) && !refers_elsewhere(uids[i])))
            chosen = i;
    }
    return chosen;
}

enum association_end association_serve(struct transport *transport, int idle_seconds,
                                       const struct association_handler *handler, const char **ret_because)
{
    *ret_because = nullptr;
    try {
        return serve(transport, idle_seconds, handler, ret_because);
    } catch (...) {
        return ASSOCIATION_PROTOCOL;
    }
}
