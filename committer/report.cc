#include "committer/report.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/oflog/oflog.h>

#include "common/base/err.h"
#include "common/dicom/commitment.h"
#include "common/dicom/implementation.h"
#include "committer/dial.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace
{

const int TIMEOUT_SECONDS = 30;
const T_ASC_PresentationContextID CONTEXT = 1;
const Uint16 MESSAGE = 1;
const Uint16 ALL_COMMITTED = 1, SOME_DENIED = 2; /* event types */

/* The toolkit (3.6.7) makes connections itself, and over IPv4 alone. So it is let connect to a socket of ours, and gets the one to
 * the source in place of that, before it has read or written anything. */
class Layer : public DcmTransportLayer
{
  public:
    explicit Layer(const report_listener *listener) : listener_(listener)
    {
    }
    Layer(const Layer &) = delete;
    Layer &operator=(const Layer &) = delete;
    ~Layer() override
    {
        hang_up();
    }
    /* Connects; the port is for the toolkit. False: why is in reason. */
    bool dial_to(const report_to *to, int *ret_port, char *reason, size_t size)
    {
        source_ = dial(to->host, to->port, 1000 * TIMEOUT_SECONDS, reason, size);
        ours_ = source_ < 0 ? -1 : dial_ourselves(ret_port);
        if (source_ >= 0 && ours_ < 0)
            (void)snprintf(reason, size, "this machine has no address of its own: %s", strerror(errno));
        return ours_ >= 0;
    }
    DcmTransportConnection *createConnection(DcmNativeSocketType socket, OFBool secure) override
    {
        if (source_ < 0 || dup2(source_, socket) < 0)
            return nullptr;
        hang_up();
        listener_->connected(listener_->context);
        return DcmTransportLayer::createConnection(socket, secure);
    }

  private:
    void hang_up()
    {
        for (int *fd : {&source_, &ours_}) {
            if (*fd >= 0)
                (void)close(*fd);
            *fd = -1;
        }
    }

    const report_listener *listener_;
    int source_ = -1, ours_ = -1;
};

/* What an association holds, released with the scope. */
struct Association {
    Layer layer;
    T_ASC_Network *network = nullptr;
    T_ASC_Parameters *parameters = nullptr; /* until the association has them */
    T_ASC_Association *association = nullptr;
    bool established = false;

    explicit Association(const report_listener *listener) : layer(listener)
    {
    }
    Association(const Association &) = delete;
    Association &operator=(const Association &) = delete;
    ~Association()
    {
        if (established && ASC_releaseAssociation(association).bad())
            ASC_abortAssociation(association);
        if (association)
            ASC_destroyAssociation(&association);
        else if (parameters)
            ASC_destroyAssociationParameters(&parameters);
        if (network)
            ASC_dropNetwork(&network);
    }
};

void say(char *reason, const char *format, const char *what)
{
    (void)snprintf(reason, REPORT_REASON_SIZE, format, what);
}

void say_who_we_are(T_ASC_Parameters *parameters)
{
    (void)snprintf(parameters->ourImplementationClassUID, sizeof parameters->ourImplementationClassUID, "%s",
                   IMPLEMENTATION_CLASS);
    (void)snprintf(parameters->ourImplementationVersionName, sizeof parameters->ourImplementationVersionName,
                   "%.16s", IMPLEMENTATION_NAME);
}

bool prepare(Association &with, const report_to *to, int port)
{
    static const char *syntaxes[] = {UID_LittleEndianExplicitTransferSyntax,
                                     UID_LittleEndianImplicitTransferSyntax};
    char address[40];
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", port);
    dcmConnectionTimeout.set(TIMEOUT_SECONDS);
    dcmSocketSendTimeout.set(TIMEOUT_SECONDS);
    dcmSocketReceiveTimeout.set(TIMEOUT_SECONDS);
    dcmDisableGethostbyaddr.set(OFTrue);
    if (ASC_initializeNetwork(NET_REQUESTOR, 0, TIMEOUT_SECONDS, &with.network).bad() ||
        ASC_setTransportLayer(with.network, &with.layer, 0).bad() ||
        ASC_createAssociationParameters(&with.parameters, ASC_DEFAULTMAXPDU).bad())
        return false;
    say_who_we_are(with.parameters);
    return ASC_setAPTitles(with.parameters, to->calling_aet, to->called_aet, nullptr).good() &&
           ASC_setPresentationAddresses(with.parameters, "localhost", address).good() &&
           ASC_addPresentationContext(with.parameters, CONTEXT, COMMITMENT_CLASS, syntaxes, 2,
                                      ASC_SC_ROLE_SCP)
               .good();
}

void explain_refusal(Association &with, const OFCondition &condition, const report_to *to, char *reason)
{
    if (condition == DUL_ASSOCIATIONREJECTED) {
        T_ASC_RejectParameters rejection;
        OFString text;
        ASC_getRejectParameters(with.parameters, &rejection);
        ASC_printRejectParameters(text, &rejection);
        for (size_t i = 0; i < text.size(); i++)
            if (text[i] == '\n')
                text[i] = ';';
        say(reason, "the association was rejected: %s", text.c_str());
    } else {
        (void)snprintf(reason, REPORT_REASON_SIZE, "no association with %s at %s port %d: %s", to->called_aet,
                       to->host, to->port, condition.text());
    }
}

bool associate(Association &with, const report_to *to, char *reason)
{
    char why[120];
    int port = 0;
    if (!with.layer.dial_to(to, &port, why, sizeof why)) {
        (void)snprintf(reason, REPORT_REASON_SIZE, "no connection to %s at %s port %d: %s", to->called_aet,
                       to->host, to->port, why);
        return false;
    }
    if (!prepare(with, to, port)) {
        say(reason, "%s", "the association cannot be prepared");
        return false;
    }
    OFCondition condition = ASC_requestAssociation(with.network, with.parameters, &with.association);
    if (condition.bad()) {
        explain_refusal(with, condition, to, reason);
        return false;
    }
    with.established = true;
    if (ASC_findAcceptedPresentationContextID(with.association, COMMITMENT_CLASS) == CONTEXT)
        return true;
    say(reason,
        "%s does not take the role of SCU of Storage Commitment on an association that it is called by",
        to->called_aet);
    return false;
}

/* ---- the data set ---- */

DcmItem *item_of(const work_reported &reported)
{
    DcmItem *item = new DcmItem();
    item->putAndInsertString(DCM_ReferencedSOPClassUID, reported.sop_class);
    item->putAndInsertString(DCM_ReferencedSOPInstanceUID, reported.sop_instance);
    if (reported.reason != 0)
        item->putAndInsertUint16(DCM_FailureReason, static_cast<Uint16>(reported.reason));
    return item;
}

/* A list without items is left out. */
void insert_list(DcmDataset &dataset, const DcmTagKey &tag, const work_report *report, bool denied)
{
    DcmSequenceOfItems *list = new DcmSequenceOfItems(tag);
    for (size_t i = 0; i < report->count; i++)
        if ((report->list[i].reason != 0) == denied)
            list->append(item_of(report->list[i]));
    if (list->card() == 0 || dataset.insert(list, OFTrue).bad())
        delete list;
}

bool is_denied(const work_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->list[i].reason != 0)
            return true;
    return false;
}

/* ---- the message ---- */

bool send(Association &with, const work_report *report, char *reason)
{
    DcmDataset dataset;
    dataset.putAndInsertString(DCM_TransactionUID, report->transaction);
    insert_list(dataset, DCM_FailedSOPSequence, report, true);
    insert_list(dataset, DCM_ReferencedSOPSequence, report, false);
    T_DIMSE_Message message;
    memset(static_cast<void *>(&message), 0, sizeof message);
    T_DIMSE_N_EventReportRQ &request = message.msg.NEventReportRQ;
    message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
    request.MessageID = MESSAGE;
    (void)snprintf(request.AffectedSOPClassUID, sizeof request.AffectedSOPClassUID, "%s", COMMITMENT_CLASS);
    (void)snprintf(request.AffectedSOPInstanceUID, sizeof request.AffectedSOPInstanceUID, "%s",
                   COMMITMENT_INSTANCE);
    request.DataSetType = DIMSE_DATASET_PRESENT;
    request.EventTypeID = is_denied(report) ? SOME_DENIED : ALL_COMMITTED;
    OFCondition condition = DIMSE_sendMessageUsingMemoryData(with.association, CONTEXT, &message, nullptr,
                                                             &dataset, nullptr, nullptr);
    if (condition.bad())
        say(reason, "the report could not be sent: %s", condition.text());
    return condition.good();
}

/* The answers that say that a transaction is unknown: to say it again would bring nothing. */
bool is_unknown_there(Uint16 status)
{
    return status == STATUS_N_NoSuchObjectInstance || status == STATUS_N_InvalidArgumentValue;
}

report_end receive(Association &with, char *reason)
{
    T_ASC_PresentationContextID context;
    T_DIMSE_Message message;
    DcmDataset *detail = nullptr;
    memset(static_cast<void *>(&message), 0, sizeof message);
    OFCondition condition = DIMSE_receiveCommand(with.association, DIMSE_NONBLOCKING, TIMEOUT_SECONDS,
                                                 &context, &message, &detail);
    delete detail;
    if (condition.bad()) {
        say(reason, "the report was not answered: %s", condition.text());
        return REPORT_NOT_TAKEN;
    }
    const T_DIMSE_N_EventReportRSP &response = message.msg.NEventReportRSP;
    if (message.CommandField != DIMSE_N_EVENT_REPORT_RSP || response.MessageIDBeingRespondedTo != MESSAGE) {
        say(reason, "%s", "something else came instead of an answer to the report");
        return REPORT_NOT_TAKEN;
    }
    if (response.DimseStatus == STATUS_Success || DICOM_WARNING_STATUS(response.DimseStatus))
        return REPORT_TAKEN;
    (void)snprintf(reason, REPORT_REASON_SIZE, "the report was answered with status %04x",
                   static_cast<unsigned>(response.DimseStatus));
    return is_unknown_there(response.DimseStatus) ? REPORT_UNWANTED : REPORT_NOT_TAKEN;
}

report_end make(Association &with, const report_to *to, const work_report *report, char *reason)
{
    if (!associate(with, to, reason) || !send(with, report, reason))
        return REPORT_NOT_TAKEN;
    return receive(with, reason);
}

} // namespace

int report_prepare(void)
{
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    bool loaded = dcmDataDict.rdlock().isDictionaryLoaded();
    dcmDataDict.rdunlock();
    return loaded ? 0 : ERR_ABSENT;
}

void report_make(const struct report_to *to, const struct work_report *report,
                 const struct report_listener *listener)
{
    char reason[REPORT_REASON_SIZE] = "";
    bool told = false;
    try {
        Association with(listener);
        report_end end = make(with, to, report, reason);
        told = true;
        listener->tell(listener->context, end, reason);
    } catch (...) {
        if (!told)
            listener->tell(listener->context, REPORT_NOT_TAKEN, "the report could not be made");
    }
}
