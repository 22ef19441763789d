/* commitment-scu - a modality that asks for storage commitment, and hears what was committed, over DCMTK.
 *
 * Usage: commitment-scu ask PORT CALLED CALLING TRANSACTION CLASS INSTANCE [CLASS INSTANCE]...
 *        commitment-scu wait PORT CALLED CALLING TRANSACTION CLASS INSTANCE [CLASS INSTANCE]... [STATUS]
 *        commitment-scu listen PORT TITLE [STATUS] [stubborn]
 *
 * wait asks, too (with "store" as its STATUS it then stores an image), and waits on its association for the report, which it answers with STATUS (0000; none: it answers nothing) and
 * prints as listen does. ask prints the status of the N-ACTION-RSP, as "status 0000", and its Error Comment. listen accepts associations one after the other,
 * with the role that is proposed, and prints each report in a line, once it is answered with STATUS (0000):
 *     report TRANSACTION type 1 from FELUCCA committed INSTANCE... denied INSTANCE=0112...
 * One that is stubborn answers no release, and keeps its connection. */
#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace
{

const char CLASS[] = "1.2.840.10008.1.20.1", INSTANCE[] = "1.2.840.10008.1.20.1.1";
const int TIMEOUT = 30;

int fail(const char *what, const OFCondition &condition)
{
    std::printf("%s: %s\n", what, condition.text());
    return 1;
}

int wait_for_report(T_ASC_Association *association, const char *answer);
int go_on(T_ASC_Association *association);

/* ---- asking ---- */

void fill(DcmDataset &dataset, int count, char **words)
{
    dataset.putAndInsertString(DCM_TransactionUID, words[0]);
    DcmSequenceOfItems *list = new DcmSequenceOfItems(DCM_ReferencedSOPSequence);
    for (int i = 1; i + 1 < count; i += 2) {
        DcmItem *item = new DcmItem();
        item->putAndInsertString(DCM_ReferencedSOPClassUID, words[i]);
        item->putAndInsertString(DCM_ReferencedSOPInstanceUID, words[i + 1]);
        list->append(item);
    }
    dataset.insert(list, OFTrue);
}

int act(T_ASC_Association *association, T_ASC_PresentationContextID context, DcmDataset &dataset)
{
    T_DIMSE_Message message;
    std::memset(static_cast<void *>(&message), 0, sizeof message);
    T_DIMSE_N_ActionRQ &request = message.msg.NActionRQ;
    message.CommandField = DIMSE_N_ACTION_RQ;
    request.MessageID = 1;
    std::snprintf(request.RequestedSOPClassUID, sizeof request.RequestedSOPClassUID, "%s", CLASS);
    std::snprintf(request.RequestedSOPInstanceUID, sizeof request.RequestedSOPInstanceUID, "%s", INSTANCE);
    request.ActionTypeID = 1;
    request.DataSetType = DIMSE_DATASET_PRESENT;
    OFCondition condition =
        DIMSE_sendMessageUsingMemoryData(association, context, &message, nullptr, &dataset, nullptr, nullptr);
    if (condition.bad())
        return fail("send", condition);
    T_DIMSE_Message answer;
    DcmDataset *detail = nullptr;
    condition = DIMSE_receiveCommand(association, DIMSE_NONBLOCKING, TIMEOUT, &context, &answer, &detail);
    if (condition.bad() || answer.CommandField != DIMSE_N_ACTION_RSP)
        return fail("answer", condition);
    const char *comment = "";
    if (detail)
        detail->findAndGetString(DCM_ErrorComment, comment);
    std::printf("status %04x %s\n", static_cast<unsigned>(answer.msg.NActionRSP.DimseStatus),
                comment ? comment : "");
    delete detail;
    return answer.msg.NActionRSP.DimseStatus == STATUS_Success ? 0 : 2;
}

int ask(int argc, char **argv, bool waits)
{
    const char *syntaxes[] = {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax};
    T_ASC_Network *network = nullptr;
    T_ASC_Parameters *parameters = nullptr;
    T_ASC_Association *association = nullptr;
    std::string address = std::string("127.0.0.1:") + argv[2];
    DcmDataset dataset;
    const char *answer = (argc - 6) % 2 != 0 ? argv[argc - 1] : "0000";
    fill(dataset, argc - 5, argv + 5);
    ASC_initializeNetwork(NET_REQUESTOR, 0, TIMEOUT, &network);
    ASC_createAssociationParameters(&parameters, ASC_DEFAULTMAXPDU);
    ASC_setAPTitles(parameters, argv[4], argv[3], nullptr);
    ASC_setPresentationAddresses(parameters, "localhost", address.c_str());
    ASC_addPresentationContext(parameters, 1, CLASS, syntaxes, 2);
    ASC_addPresentationContext(parameters, 3, UID_CTImageStorage, syntaxes, 2);
    OFCondition condition = ASC_requestAssociation(network, parameters, &association);
    if (condition.bad())
        return fail("association", condition);
    T_ASC_PresentationContextID context = ASC_findAcceptedPresentationContextID(association, CLASS);
    if (context == 0) {
        std::printf("refused: the presentation context\n");
        return 1;
    }
    int status = act(association, context, dataset);
    std::fflush(stdout);
    if (status == 0 && waits && std::strcmp(answer, "store") == 0)
        status = go_on(association);
    else if (status == 0 && waits)
        status = wait_for_report(association, answer);
    ASC_releaseAssociation(association);
    ASC_destroyAssociation(&association);
    ASC_dropNetwork(&network);
    return status;
}

/* ---- listening ---- */

void append_list(DcmDataset &dataset, const DcmTagKey &tag, bool denied, std::string &line)
{
    DcmSequenceOfItems *list = nullptr;
    dataset.findAndGetSequence(tag, list);
    for (unsigned long i = 0; list && i < list->card(); i++) {
        OFString instance;
        Uint16 reason = 0;
        char word[100];
        list->getItem(i)->findAndGetOFString(DCM_ReferencedSOPInstanceUID, instance);
        list->getItem(i)->findAndGetUint16(DCM_FailureReason, reason);
        std::snprintf(word, sizeof word, denied ? " %s=%04x" : " %s", instance.c_str(),
                      static_cast<unsigned>(reason));
        line += word;
    }
}

bool answer_report(T_ASC_Association *association, T_ASC_PresentationContextID context,
                   const T_DIMSE_N_EventReportRQ &request, Uint16 status)
{
    DcmDataset *dataset = nullptr;
    if (request.DataSetType != DIMSE_DATASET_PRESENT ||
        DIMSE_receiveDataSetInMemory(association, DIMSE_NONBLOCKING, TIMEOUT, &context, &dataset, nullptr,
                                     nullptr)
            .bad())
        return false;
    T_DIMSE_Message message;
    std::memset(static_cast<void *>(&message), 0, sizeof message);
    T_DIMSE_N_EventReportRSP &response = message.msg.NEventReportRSP;
    message.CommandField = DIMSE_N_EVENT_REPORT_RSP;
    response.MessageIDBeingRespondedTo = request.MessageID;
    response.DimseStatus = status;
    response.DataSetType = DIMSE_DATASET_NULL;
    OFString transaction;
    dataset->findAndGetOFString(DCM_TransactionUID, transaction);
    char head[300];
    std::snprintf(head, sizeof head, "report %s type %u from %s committed", transaction.c_str(),
                  static_cast<unsigned>(request.EventTypeID), association->params->DULparams.callingAPTitle);
    std::string line = head;
    append_list(*dataset, DCM_ReferencedSOPSequence, false, line);
    line += " denied";
    append_list(*dataset, DCM_FailedSOPSequence, true, line);
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    delete dataset;
    return DIMSE_sendMessageUsingMemoryData(association, context, &message, nullptr, nullptr, nullptr,
                                            nullptr)
        .good();
}

/* On the association that asked; how it ends is as in a program. */
int wait_for_report(T_ASC_Association *association, const char *answer)
{
    T_ASC_PresentationContextID context;
    T_DIMSE_Message message;
    DcmDataset *detail = nullptr;
    OFCondition condition =
        DIMSE_receiveCommand(association, DIMSE_NONBLOCKING, TIMEOUT, &context, &message, &detail);
    delete detail;
    if (condition.bad() || message.CommandField != DIMSE_N_EVENT_REPORT_RQ)
        return fail("report", condition);
    if (std::strcmp(answer, "none") == 0) {
        std::printf("report comes\n");
        std::fflush(stdout);
        (void)OFStandard::forceSleep(10 * TIMEOUT);
    }
    Uint16 status = static_cast<Uint16>(std::strtoul(answer, nullptr, 16));
    return answer_report(association, context, message.msg.NEventReportRQ, status) ? 0 : 1;
}

/* It stores one more image, and then does nothing until it is ended: what comes is printed. */
int go_on(T_ASC_Association *association)
{
    DcmDataset image;
    T_DIMSE_C_StoreRQ request;
    T_DIMSE_C_StoreRSP response;
    DcmDataset *detail = nullptr;
    std::memset(static_cast<void *>(&request), 0, sizeof request);
    std::snprintf(request.AffectedSOPClassUID, sizeof request.AffectedSOPClassUID, "%s", UID_CTImageStorage);
    std::snprintf(request.AffectedSOPInstanceUID, sizeof request.AffectedSOPInstanceUID, "1.2.99.3");
    request.MessageID = 2;
    request.DataSetType = DIMSE_DATASET_PRESENT;
    request.Priority = DIMSE_PRIORITY_MEDIUM;
    image.putAndInsertString(DCM_SOPClassUID, UID_CTImageStorage);
    image.putAndInsertString(DCM_SOPInstanceUID, "1.2.99.3");
    image.putAndInsertString(DCM_StudyInstanceUID, "1.2.99.1");
    image.putAndInsertString(DCM_SeriesInstanceUID, "1.2.99.2");
    OFCondition condition = DIMSE_storeUser(association, 3, &request, nullptr, &image, nullptr, nullptr,
                                            DIMSE_NONBLOCKING, TIMEOUT, &response, &detail);
    delete detail;
    std::printf("stored %04x\n", static_cast<unsigned>(response.DimseStatus));
    std::fflush(stdout);
    return condition.bad() ? fail("store", condition) : wait_for_report(association, "0000");
}

void serve(T_ASC_Association *association, Uint16 status, bool stubborn)
{
    for (;;) {
        T_ASC_PresentationContextID context;
        T_DIMSE_Message message;
        DcmDataset *detail = nullptr;
        OFCondition condition =
            DIMSE_receiveCommand(association, DIMSE_NONBLOCKING, TIMEOUT, &context, &message, &detail);
        delete detail;
        if (condition == DUL_PEERREQUESTEDRELEASE && stubborn)
            (void)OFStandard::forceSleep(10 * TIMEOUT);
        if (condition == DUL_PEERREQUESTEDRELEASE)
            ASC_acknowledgeRelease(association);
        if (condition.bad() || message.CommandField != DIMSE_N_EVENT_REPORT_RQ ||
            !answer_report(association, context, message.msg.NEventReportRQ, status))
            return;
    }
}

void accept(T_ASC_Association *association)
{
    T_ASC_Parameters *parameters = association->params;
    for (int i = 0; i < ASC_countPresentationContexts(parameters); i++) {
        T_ASC_PresentationContext context;
        ASC_getPresentationContext(parameters, i, &context);
        if (std::strcmp(context.abstractSyntax, CLASS) == 0)
            ASC_acceptPresentationContext(parameters, context.presentationContextID,
                                          context.proposedTransferSyntaxes[0], context.proposedRole);
    }
    ASC_acknowledgeAssociation(association);
}

int listen(int argc, char **argv)
{
    Uint16 status = argc > 4 ? static_cast<Uint16>(std::strtoul(argv[4], nullptr, 16)) : 0;
    bool stubborn = argc > 5;
    T_ASC_Network *network = nullptr;
    OFCondition condition = ASC_initializeNetwork(NET_ACCEPTOR, std::atoi(argv[2]), TIMEOUT, &network);
    if (condition.bad())
        return fail("listen", condition);
    std::printf("listening\n");
    std::fflush(stdout);
    for (;;) {
        T_ASC_Association *association = nullptr;
        if (ASC_receiveAssociation(network, &association, ASC_DEFAULTMAXPDU).good()) {
            accept(association);
            serve(association, status, stubborn);
        }
        if (association) {
            ASC_dropAssociation(association);
            ASC_destroyAssociation(&association);
        }
    }
}

} // namespace

int main(int argc, char **argv)
{
    dcmDisableGethostbyaddr.set(OFTrue);
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    if (argc >= 8 && std::strcmp(argv[1], "ask") == 0)
        return ask(argc, argv, false);
    if (argc >= 8 && std::strcmp(argv[1], "wait") == 0)
        return ask(argc, argv, true);
    if (argc >= 4 && std::strcmp(argv[1], "listen") == 0)
        return listen(argc, argv);
    std::fputs("usage: commitment-scu ask|wait PORT CALLED CALLING TRANSACTION CLASS INSTANCE...\n"
               "       commitment-scu listen PORT TITLE [STATUS] [stubborn]\n",
               stderr);
    return 2;
}
