#include "receiver/association.h"

#include "common/dicom/commitment.h"

#include "common/base/cleanup.h"
#include "tests/support/dul.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 10000, KEPT = 4096 };

#define CT_STORAGE   "1.2.840.10008.5.1.4.1.1.2"
#define VERIFICATION "1.2.840.10008.1.1"
#define IMPLICIT     "1.2.840.10008.1.2"
#define EXPLICIT     "1.2.840.10008.1.2.1"
#define EXPLICIT_BIG "1.2.840.10008.1.2.2"
#define DEFLATED     "1.2.840.10008.1.2.1.99"
#define JPEG_2000    "1.2.840.10008.1.2.4.90"
#define JPIP         "1.2.840.10008.1.2.4.94"
#define GE_PRIVATE   "1.2.840.113619.5.2"

static const struct class_row {
    const char *label, *uid;
    bool taken;
} class_rows[] = {
    {"verification", VERIFICATION, true},
    {"CT", CT_STORAGE, true},
    {"retired ultrasound", "1.2.840.10008.5.1.4.1.1.6", true},
    {"encapsulated PDF", "1.2.840.10008.5.1.4.1.1.104.1", true},
    {"a performed protocol", "1.2.840.10008.5.1.4.1.1.200.2", true},
    {"hanging protocol, which has no study", "1.2.840.10008.5.1.4.38.1", false},
    {"color palette", "1.2.840.10008.5.1.4.39.1", false},
    {"implant template", "1.2.840.10008.5.1.4.43.1", false},
    {"implant assembly template", "1.2.840.10008.5.1.4.44.1", false},
    {"implant template group", "1.2.840.10008.5.1.4.45.1", false},
    {"a defined protocol", "1.2.840.10008.5.1.4.1.1.200.1", false},
    {"another", "1.2.840.10008.5.1.4.1.1.200.7", false},
    {"protocol approval", "1.2.840.10008.5.1.4.1.1.200.3", false},
    {"finding protocol approvals", "1.2.840.10008.5.1.4.1.1.200.4", false},
    {"inventory, newer than the toolkit", "1.2.840.10008.5.1.4.1.1.201.1", false},
    {"private", "1.3.12.2.1107.5.9.1", true},
    {"newer than the toolkit", "1.2.840.10008.5.1.4.1.1.999.1", true},
    {"query", "1.2.840.10008.5.1.4.1.2.2.1", false},
    {"retrieve", "1.2.840.10008.5.1.4.1.2.2.2", false},
    {"worklist", "1.2.840.10008.5.1.4.31", false},
    {"procedure step", "1.2.840.10008.3.1.2.3.3", false},
    {"storage commitment", "1.2.840.10008.1.20.1", true},
    {"a DICOMDIR", "1.2.840.10008.1.3.10", false},
    {"a transfer syntax", EXPLICIT, false},
};

START_TEST(class_is_taken)
{
    const struct class_row *row = &class_rows[_i];
    ck_assert_msg(association_takes_class(row->uid) == row->taken, "%s", row->label);
}
END_TEST

/* What became of an association, in memory shared with the process that served it. */
struct outcome {
    enum association_verdict verdict; /* to give */
    enum association_answer answer;   /* to say */
    enum association_wait wait;       /* to say when nothing comes */
    enum association_commitment commitment;
    int begun, finished;
    struct file_meta meta;
    size_t bytes;
    char data[KEPT];
    int useful; /* so many pieces of a data set are of use; negative: all */
    const char *only_syntax;
    char passcode[64];
    bool proves;
    enum association_end end;
    char because[128];
};

static struct outcome *outcome;
static pid_t server;
static int client;

static enum association_verdict admit(void *context, const struct association_request *request,
                                      bool *ret_proved)
{
    (void)context;
    if (request->passcode)
        memcpy(outcome->passcode, request->passcode, request->passcode_length);
    *ret_proved = outcome->proves;
    return strcmp(request->called_aet, "FELUCCA") == 0 && strcmp(request->calling_aet, "CT 01") == 0
               ? outcome->verdict
               : ASSOCIATION_CALLED_UNKNOWN;
}

static enum association_wait wait_for_request(void *context)
{
    (void)context;
    return outcome->wait;
}

static void begin(void *context, const struct file_meta *meta)
{
    (void)context;
    outcome->begun++;
    outcome->meta = *meta;
    outcome->bytes = 0;
}

static void progress(void *context)
{
    (void)context;
}

static bool takes_syntax(void *context, const char *uid)
{
    (void)context;
    return !outcome->only_syntax || strcmp(outcome->only_syntax, uid) == 0;
}

static bool data(void *context, const void *bytes, size_t length)
{
    (void)context;
    if (outcome->useful == 0)
        return false;
    outcome->useful--;
    if (outcome->bytes + length <= KEPT)
        memcpy(outcome->data + outcome->bytes, bytes, length);
    outcome->bytes += length;
    return true;
}

static enum association_answer finish(void *context)
{
    (void)context;
    outcome->finished++;
    return outcome->answer;
}

static void set_up(void)
{
    outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(outcome, MAP_FAILED);
    *outcome = (struct outcome){.verdict = ASSOCIATION_ADMITTED, .useful = -1, .end = ASSOCIATION_ENDS};
    ck_assert_int_eq(association_prepare(), 0);
}

static void tear_down(void)
{
    (void)munmap(outcome, sizeof *outcome);
}

static enum association_commitment commit(void *context, const void *bytes, size_t length,
                                          const char *transfer_syntax, const char **ret_comment)
{
    (void)context;
    outcome->begun++;
    outcome->bytes = length;
    if (length <= sizeof outcome->data)
        memcpy(outcome->data, bytes, length);
    (void)snprintf(outcome->meta.transfer_syntax, sizeof outcome->meta.transfer_syntax, "%s",
                   transfer_syntax);
    *ret_comment = outcome->commitment == ASSOCIATION_ASKED ? NULL : "it may not be";
    return outcome->commitment;
}

static const struct work_report *report(void *context)
{
    (void)context;
    return NULL;
}

static void reported(void *context, uint16_t status)
{
    (void)context;
    (void)status;
}

static void start(int idle_seconds)
{
    static const struct association_handler handler = {
        NULL, admit, takes_syntax, wait_for_request, progress, begin, data, finish, commit, report, reported};
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0) {
        (void)close(ends[0]);
        const char *because = NULL;
        outcome->end = association_serve(transport_create(ends[1], INT64_C(1000) * idle_seconds, NULL),
                                         idle_seconds, &handler, &because);
        (void)snprintf(outcome->because, sizeof outcome->because, "%s", because ? because : "");
        _exit(0);
    }
    (void)close(ends[1]);
    client = ends[0];
}

static void stop(void)
{
    int status = 0;
    fd_close(&client);
    ck_assert_int_eq(waitpid(server, &status, 0), server);
    ck_assert(WIFEXITED(status));
}

static void say(const struct text *bytes)
{
    ck_assert_int_eq(send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
}

/* Contexts of all tests: 1 verification, 3 CT, 5 one that is refused. */
static const struct dul_context contexts[] = {
    {1, VERIFICATION, {IMPLICIT}},
    {3, CT_STORAGE, {EXPLICIT, IMPLICIT}},
    {5, "1.2.840.10008.5.1.4.1.2.2.1", {IMPLICIT}},
    {7, COMMITMENT_CLASS, {IMPLICIT, EXPLICIT}},
    {9, COMMITMENT_CLASS, {EXPLICIT_BIG}},
};

static void associate(void)
{
    AUTO(text_release) struct text request = TEXT_EMPTY, answer = TEXT_EMPTY;
    dul_append_request(&request, "FELUCCA", "CT 01", contexts, ROWS(contexts));
    say(&request);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ASSOCIATE_AC);
    ck_assert_int_eq(dul_context_result(&answer, 1), 0);
    ck_assert_int_eq(dul_context_result(&answer, 3), 0);
    ck_assert_int_eq(dul_context_result(&answer, 5), 3);
    ck_assert_int_eq(dul_context_result(&answer, 7), 0);
    ck_assert_str_eq(dul_context_syntax(&answer, 7), EXPLICIT);
    ck_assert_int_eq(dul_context_result(&answer, 9), 4);
}

static void release(void)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_release(&pdu);
    say(&pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_RELEASE_RP);
    stop();
    ck_assert_int_eq(outcome->end, ASSOCIATION_RELEASED);
}

static const struct context_row {
    const char *label;
    struct dul_context context;
    unsigned char result;
    const char *syntax;
} context_rows[] = {
    {"the proposer's first", {1, CT_STORAGE, {EXPLICIT, IMPLICIT}}, 0, EXPLICIT},
    {"explicit before implicit", {1, CT_STORAGE, {IMPLICIT, EXPLICIT}}, 0, EXPLICIT},
    {"explicit even as the last", {1, CT_STORAGE, {IMPLICIT, EXPLICIT_BIG, EXPLICIT}}, 0, EXPLICIT},
    {"implicit before big endian", {1, CT_STORAGE, {EXPLICIT_BIG, IMPLICIT}}, 0, IMPLICIT},
    {"big endian first", {1, CT_STORAGE, {EXPLICIT_BIG, EXPLICIT}}, 0, EXPLICIT},
    {"explicit past a compressed one", {1, CT_STORAGE, {IMPLICIT, JPEG_2000, EXPLICIT}}, 0, EXPLICIT},
    {"implicit, a compressed one behind", {1, CT_STORAGE, {IMPLICIT, JPEG_2000}}, 0, IMPLICIT},
    {"compressed", {1, CT_STORAGE, {JPEG_2000, EXPLICIT}}, 0, JPEG_2000},
    {"the first of two compressed ones", {1, CT_STORAGE, {JPEG_2000, DEFLATED}}, 0, JPEG_2000},
    {"big endian", {1, CT_STORAGE, {EXPLICIT_BIG}}, 0, EXPLICIT_BIG},
    {"deflated", {1, CT_STORAGE, {DEFLATED}}, 0, DEFLATED},
    {"high-throughput JPEG 2000", {1, CT_STORAGE, {"1.2.840.10008.1.2.4.201"}}, 0, "1.2.840.10008.1.2.4.201"},
    {"JPEG XL", {1, CT_STORAGE, {"1.2.840.10008.1.2.4.110"}}, 0, "1.2.840.10008.1.2.4.110"},
    {"fragmentable MPEG", {1, CT_STORAGE, {"1.2.840.10008.1.2.4.102.1"}}, 0, "1.2.840.10008.1.2.4.102.1"},
    {"deflated frames", {1, CT_STORAGE, {"1.2.840.10008.1.2.8.1"}}, 0, "1.2.840.10008.1.2.8.1"},
    {"pixels elsewhere, only", {1, CT_STORAGE, {JPIP}}, 0, JPIP},
    {"pixels elsewhere, last of all", {1, CT_STORAGE, {JPIP, GE_PRIVATE}}, 0, GE_PRIVATE},
    {"GE's private one", {1, CT_STORAGE, {GE_PRIVATE}}, 0, GE_PRIVATE},
    {"an unknown one", {1, CT_STORAGE, {"1.2.3.4"}}, 0, "1.2.3.4"},
    {"nothing that is a UID", {1, CT_STORAGE, {"1.2.x"}}, 4, NULL},
    {"an object without a study", {1, "1.2.840.10008.5.1.4.39.1", {EXPLICIT}}, 3, NULL},
    {"a private class", {1, "1.3.12.2.1107.5.9.1", {EXPLICIT}}, 0, EXPLICIT},
    {"another service", {1, "1.2.840.10008.5.1.4.1.2.2.1", {EXPLICIT}}, 3, NULL},
    {"verification", {1, VERIFICATION, {IMPLICIT}}, 0, IMPLICIT},
};

START_TEST(a_context_is_answered_by_itself)
{
    const struct context_row *row = &context_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    start(5);
    dul_append_request(&pdu, "FELUCCA", "CT 01", &row->context, 1);
    say(&pdu);
    ck_assert_msg(dul_read(client, WAIT_MS, &pdu) == DUL_ASSOCIATE_AC, "%s", row->label);
    ck_assert_msg(dul_context_result(&pdu, 1) == row->result, "%s", row->label);
    if (row->syntax)
        ck_assert_str_eq(dul_context_syntax(&pdu, 1), row->syntax);
    release();
}
END_TEST

static const struct reject_row {
    const char *label, *called, *calling;
    enum association_verdict verdict;
    char result, source, reason;
} reject_rows[] = {
    {"called title unknown", "NOBODY", "CT 01", ASSOCIATION_ADMITTED, 1, 1, 7},
    {"calling title not admitted", "FELUCCA", "CT 01", ASSOCIATION_CALLING_UNKNOWN, 1, 1, 3},
    {"address not admitted", "FELUCCA", "CT 01", ASSOCIATION_ADDRESS_UNKNOWN, 1, 1, 3},
    {"a host without an address yet", "FELUCCA", "CT 01", ASSOCIATION_NAME_UNRESOLVED, 2, 3, 1},
    {"a wrong passcode", "FELUCCA", "CT 01", ASSOCIATION_PASSCODE_WRONG, 1, 2, 1},
    {"a passcode that cannot be read here", "FELUCCA", "CT 01", ASSOCIATION_PASSCODE_UNREAD, 2, 3, 1},
};

START_TEST(a_request_is_rejected_with_its_reason)
{
    const struct reject_row *row = &reject_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    outcome->verdict = row->verdict;
    start(5);
    dul_append_request(&pdu, row->called, row->calling, contexts, ROWS(contexts));
    say(&pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_ASSOCIATE_RJ);
    const char expected[] = {3, 0, 0, 0, 0, 4, 0, row->result, row->source, row->reason};
    ck_assert_mem_eq(pdu.bytes, expected, sizeof expected);
    stop();
    ck_assert_int_eq(outcome->end, ASSOCIATION_REJECTED);
}
END_TEST

#define IDENTITY(type, wanted) "\x58\0\0\x0e" type wanted "\0\3bob\0\5hello"
#define CLASS                  "2.25.230010407227673460957897299200400465157"

/* What else a request may hold, and what the answer to it does. */
static const struct item_row {
    const char *label, *items;
    size_t length;
    bool proves;
    const char *passcode, *answer; /* answer: an item of user information, "": none of its type */
    size_t answer_length;
} item_rows[] = {
    {"nothing", "", 0, false, "", "", 0},
    {"a window", "\x53\0\0\4\0\0\0\0", 8, false, "", "\x53\0\0\4\0\1\0\1", 8},
    {"a passcode", IDENTITY("\2", "\0"), 18, true, "hello", "", 0},
    {"a passcode that nobody looks at", IDENTITY("\2", "\1"), 18, false, "hello", "", 0},
    {"a right one whose answer is awaited", IDENTITY("\2", "\1"), 18, true, "hello", "\x59\0\0\2\0\0", 6},
    {"a user name alone", "\x58\0\0\x09\1\1\0\3bob\0\0", 13, false, "", "", 0},
    {"to provide what it stores", "\x54\0\0\x1d\0\x19" CT_STORAGE "\0\1", 33, false, "", "", 0},
    {"an item that is unknown", "\x5f\0\0\2XY", 6, false, "", "", 0},
    {"our name", "", 0, false, "", "\x52\0\0\x2c" CLASS, 48},
};

START_TEST(an_item_gets_its_answer)
{
    const struct item_row *row = &item_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    outcome->proves = row->proves;
    start(5);
    dul_append_request_with(&pdu, "FELUCCA", "CT 01", contexts, ROWS(contexts), row->items, row->length);
    say(&pdu);
    ck_assert_msg(dul_read(client, WAIT_MS, &pdu) == DUL_ASSOCIATE_AC, "%s", row->label);
    ck_assert_int_eq(dul_context_result(&pdu, 3), 0);
    ck_assert_str_eq(outcome->passcode, row->passcode);
    ck_assert_msg(memmem(pdu.bytes, pdu.length, row->answer, row->answer_length), "%s", row->label);
    bool window = memmem(pdu.bytes, pdu.length, "\x53\0\0\4", 4),
         user = memmem(pdu.bytes, pdu.length, "\x59\0\0", 3);
    ck_assert_msg(window == (*row->answer == 0x53), "%s", row->label);
    ck_assert_msg(user == (*row->answer == 0x59), "%s", row->label);
    release();
}
END_TEST

START_TEST(all_contexts_there_can_be_are_answered)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    struct dul_context all[128];
    for (size_t i = 0; i < ROWS(all); i++)
        all[i] =
            (struct dul_context){(unsigned char)(2 * i + 1), i % 2 ? CT_STORAGE : VERIFICATION, {IMPLICIT}};
    start(5);
    dul_append_request(&pdu, "FELUCCA", "CT 01", all, ROWS(all));
    say(&pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_ASSOCIATE_AC);
    for (size_t i = 0; i < ROWS(all); i++)
        ck_assert_int_eq(dul_context_result(&pdu, all[i].id), 0);
    release();
}
END_TEST

static const struct command_row {
    const char *label;
    unsigned char context;
    struct dul_command command;
    enum association_answer answer;
    int status, begun, finished;
    enum file_meta_priority priority; /* medium unless said */
} command_rows[] = {
    {"echo", 1, {0x30, 7, VERIFICATION, "", -1, false}, 0, 0, 0, 0, FILE_META_MEDIUM},
    {"echo with a data set", 1, {0x30, 7, VERIFICATION, "", -1, true}, 0, 0, 0, 0, FILE_META_MEDIUM},
    {"store", 3, {0x01, 7, CT_STORAGE, "1.2.3", 2, true}, ASSOCIATION_STORED, 0, 1, 1, FILE_META_LOW},
    {"store that cannot be kept",
     3,
     {0x01, 7, CT_STORAGE, "1.2.3", 2, true},
     ASSOCIATION_OUT_OF_RESOURCES,
     0xa700,
     1,
     1,
     FILE_META_LOW},
    {"store of something else than it says",
     3,
     {0x01, 7, CT_STORAGE, "1.2.3", 2, true},
     ASSOCIATION_MISMATCH,
     0xa900,
     1,
     1,
     FILE_META_LOW},
    {"store of what nobody can take",
     3,
     {0x01, 7, CT_STORAGE, "1.2.3", 2, true},
     ASSOCIATION_UNFIT,
     0xc000,
     1,
     1,
     FILE_META_LOW},
    {"store without an identifier", 3, {0x01, 7, CT_STORAGE, "", 2, true}, 0, 0, 1, 1, FILE_META_LOW},
    {"store with too long an identifier",
     3,
     {0x01, 7, CT_STORAGE, "1.22222222222222222222222222222222222222222222222222222222222222222222", 2, true},
     0,
     0,
     1,
     1,
     FILE_META_LOW},
    {"store without a class", 3, {0x01, 7, "", "1.2.3", 1, true}, 0, 0, 1, 1, FILE_META_HIGH},
    {"store with a priority that does not exist",
     3,
     {0x01, 7, CT_STORAGE, "1.2.3", 77, true},
     0,
     0,
     1,
     1,
     FILE_META_MEDIUM},
    {"store where only echoes are",
     1,
     {0x01, 7, CT_STORAGE, "1.2.3", 2, true},
     0,
     0x0122,
     0,
     0,
     FILE_META_MEDIUM},
    {"find", 3, {0x20, 7, CT_STORAGE, "", 2, true}, 0, 0x0211, 0, 0, FILE_META_MEDIUM},
    {"get", 3, {0x10, 7, CT_STORAGE, "", 2, true}, 0, 0x0211, 0, 0, FILE_META_MEDIUM},
    {"action", 3, {0x130, 7, "", "", -1, true}, 0, 0x0211, 0, 0, FILE_META_MEDIUM},
    {"a command that does not exist", 3, {0x77, 7, "", "", -1, false}, 0, 0x0211, 0, 0, FILE_META_MEDIUM},
    {"another one, with data",
     3,
     {0x7000, 7, CT_STORAGE, "1.2.3", -1, true},
     0,
     0x0211,
     0,
     0,
     FILE_META_MEDIUM},
};

START_TEST(a_command_gets_its_status)
{
    const struct command_row *row = &command_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    outcome->answer = row->answer;
    start(5);
    associate();
    for (int round = 1; round <= 2; round++) {
        text_clear(&pdu);
        dul_append_command(&pdu, row->context, &row->command);
        if (row->command.data_set) {
            dul_append_data(&pdu, row->context, "abcd", 4, false);
            dul_append_data(&pdu, row->context, "efgh", 4, true);
        }
        say(&pdu);
        ck_assert_msg(dul_read(client, WAIT_MS, &pdu) == DUL_DATA, "%s", row->label);
        ck_assert_msg(dul_status(&pdu) == row->status, "%s: %04x", row->label, (unsigned)dul_status(&pdu));
        ck_assert_int_eq(outcome->begun, round * row->begun);
        ck_assert_int_eq(outcome->finished, round * row->finished);
    }
    if (row->finished) {
        ck_assert_uint_eq(outcome->bytes, 8);
        ck_assert_mem_eq(outcome->data, "abcdefgh", 8);
        ck_assert_str_eq(outcome->meta.transfer_syntax, EXPLICIT);
        ck_assert_str_eq(outcome->meta.calling_aet, "CT 01");
        ck_assert_str_eq(outcome->meta.called_aet, "FELUCCA");
        ck_assert_int_eq(outcome->meta.priority, row->priority);
    }
    release();
}
END_TEST

static const struct action_row {
    const char *label;
    unsigned char context;
    struct dul_command command;
    enum association_commitment commitment;
    int status, asked;
} action_rows[] = {
    {"taken", 7, {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true}, ASSOCIATION_ASKED, 0, 1},
    {"nowhere to report",
     7,
     {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true},
     ASSOCIATION_NOWHERE,
     0x0110,
     1},
    {"not readable",
     7,
     {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true},
     ASSOCIATION_UNREADABLE,
     0x0115,
     1},
    {"no room",
     7,
     {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true},
     ASSOCIATION_NO_ROOM,
     0x0213,
     1},
    {"another class", 7, {0x130, 7, CT_STORAGE, COMMITMENT_INSTANCE, 1, true}, 0, 0x0118, 0},
    {"another instance", 7, {0x130, 7, COMMITMENT_CLASS, "1.2.3", 1, true}, 0, 0x0112, 0},
    {"another action", 7, {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 2, true}, 0, 0x0123, 0},
    {"no action", 7, {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, -1, true}, 0, 0x0123, 0},
    {"no data set", 7, {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, false}, 0, 0x0115, 0},
    {"in a storage context", 3, {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true}, 0, 0x0211, 0},
    {"a store in its context", 7, {0x01, 7, CT_STORAGE, "1.2.3", 1, true}, 0, 0x0122, 0},
    {"a report that nobody waits for",
     7,
     {0x100, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true},
     0,
     0x0211,
     0},
};

START_TEST(an_action_gets_its_status)
{
    const struct action_row *row = &action_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    outcome->commitment = row->commitment;
    start(5);
    associate();
    for (int round = 1; round <= 2; round++) {
        text_clear(&pdu);
        dul_append_command(&pdu, row->context, &row->command);
        if (row->command.data_set) {
            dul_append_data(&pdu, row->context, "abcd", 4, false);
            dul_append_data(&pdu, row->context, "efgh", 4, true);
        }
        say(&pdu);
        ck_assert_msg(dul_read(client, WAIT_MS, &pdu) == DUL_DATA, "%s", row->label);
        ck_assert_msg(dul_status(&pdu) == row->status, "%s: %04x", row->label, (unsigned)dul_status(&pdu));
        ck_assert_msg(outcome->begun == round * row->asked, "%s: asked %d times", row->label, outcome->begun);
    }
    if (row->asked) {
        ck_assert_uint_eq(outcome->bytes, 8);
        ck_assert_mem_eq(outcome->data, "abcdefgh", 8);
        ck_assert_str_eq(outcome->meta.transfer_syntax, EXPLICIT);
    }
    release();
}
END_TEST

START_TEST(an_action_that_is_too_long_is_answered)
{
    enum { PIECE = 131000, PIECES = 40 /* 5 MiB */ };
    static char bytes[PIECE];
    static const struct dul_command action = {0x130, 7, COMMITMENT_CLASS, COMMITMENT_INSTANCE, 1, true};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    start(5);
    associate();
    dul_append_command(&pdu, 7, &action);
    say(&pdu);
    for (int i = 0; i < PIECES; i++) {
        text_clear(&pdu);
        dul_append_data(&pdu, 7, bytes, PIECE, i + 1 == PIECES);
        say(&pdu);
    }
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    ck_assert_int_eq(dul_status(&pdu), 0x0213);
    ck_assert_int_eq(outcome->begun, 0);
    release();
}
END_TEST

START_TEST(a_store_tells_what_its_command_said)
{
    static const struct dul_command store = {0x01, 7, CT_STORAGE, "1.2.3", 1, true};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    start(5);
    associate();
    dul_append_command(&pdu, 3, &store);
    dul_append_data(&pdu, 3, "", 0, true);
    say(&pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    ck_assert_str_eq(outcome->meta.sop_class, CT_STORAGE);
    ck_assert_str_eq(outcome->meta.sop_instance, "1.2.3");
    ck_assert_int_eq(outcome->meta.priority, FILE_META_HIGH);
    ck_assert_uint_eq(outcome->bytes, 0);
    release();
}
END_TEST

/* A sender of a large image hears why it is refused. */
START_TEST(a_long_data_set_that_is_refused_is_answered)
{
    enum { PIECE = 131000, PIECES = 2200 /* 275 MiB */ };
    static char bytes[PIECE];
    static const struct dul_command store = {0x01, 7, CT_STORAGE, "1.2.3", 1, true};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    outcome->useful = 0;
    outcome->answer = ASSOCIATION_OUT_OF_RESOURCES;
    start(5);
    associate();
    dul_append_command(&pdu, 3, &store);
    say(&pdu);
    for (int i = 1; i <= PIECES; i++) {
        text_clear(&pdu);
        dul_append_data(&pdu, 3, bytes, PIECE, i == PIECES);
        say(&pdu);
    }
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    ck_assert_int_eq(dul_status(&pdu), 0xA700);
    release();
}
END_TEST

/* Everything is said once the association is there; then the client waits for the end. */
static void say_nothing(struct text *out)
{
    (void)out;
}

static void say_abort(struct text *out)
{
    text_append_bytes(out, "\x07\0\0\0\0\x04\0\0\0\0", 10);
}

static void say_half_a_data_set(struct text *out)
{
    static const struct dul_command store = {0x01, 7, CT_STORAGE, "1.2.3", 2, true};
    dul_append_command(out, 3, &store);
    dul_append_data(out, 3, "abcd", 4, false);
}

static void say_data_of_another_context(struct text *out)
{
    static const struct dul_command store = {0x01, 7, CT_STORAGE, "1.2.3", 2, true};
    dul_append_command(out, 3, &store);
    dul_append_data(out, 1, "abcd", 4, true);
}

static void say_on_a_refused_context(struct text *out)
{
    static const struct dul_command find = {0x20, 7, CT_STORAGE, "", 2, true};
    dul_append_command(out, 5, &find);
}

static void say_data_without_command(struct text *out)
{
    dul_append_data(out, 3, "abcd", 4, true);
}

static void say_a_response(struct text *out)
{
    static const struct dul_command response = {0x8030, 7, VERIFICATION, "", -1, false};
    dul_append_command(out, 1, &response);
}

static void say_too_long_a_pdu(struct text *out)
{
    text_append_bytes(out, "\x04\0\x7f\xff\xff\xff", 6);
}

static void say_garbage(struct text *out)
{
    text_append_bytes(out, "\x04\0\0\0\0\x0a\0\0\0\x06\x03\x03zzzz", 16);
}

static const struct end_row {
    const char *label;
    void (*say)(struct text *out);
    bool hang_up;
    enum association_wait wait;
    enum association_end end;
} end_rows[] = {
    {"the peer hangs up", say_nothing, true, ASSOCIATION_INPUT, ASSOCIATION_ABORTED},
    {"the peer aborts", say_abort, false, ASSOCIATION_INPUT, ASSOCIATION_ABORTED},
    {"the peer hangs up in a data set", say_half_a_data_set, true, ASSOCIATION_INPUT, ASSOCIATION_ABORTED},
    {"silence in a data set", say_half_a_data_set, false, ASSOCIATION_INPUT, ASSOCIATION_IDLE},
    {"silence between requests", say_nothing, false, ASSOCIATION_SILENT, ASSOCIATION_IDLE},
    {"the receiver stops", say_nothing, false, ASSOCIATION_STOPPING, ASSOCIATION_STOPPED},
    {"data of another context", say_data_of_another_context, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
    {"a refused context", say_on_a_refused_context, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
    {"data without a command", say_data_without_command, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
    {"a response that nobody asked for", say_a_response, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
    {"a PDU longer than agreed", say_too_long_a_pdu, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
    {"a command of garbage", say_garbage, false, ASSOCIATION_INPUT, ASSOCIATION_PROTOCOL},
};

START_TEST(an_association_ends)
{
    const struct end_row *row = &end_rows[_i];
    AUTO(text_release) struct text said = TEXT_EMPTY, pdu = TEXT_EMPTY;
    outcome->wait = row->wait;
    start(1);
    associate();
    row->say(&said);
    if (said.length)
        say(&said);
    if (!row->hang_up) {
        enum dul_pdu type = dul_read(client, WAIT_MS, &pdu);
        ck_assert_msg(type == (row->end == ASSOCIATION_ABORTED ? DUL_END : DUL_ABORT), "%s: PDU %d",
                      row->label, (int)type);
    }
    stop();
    ck_assert_msg(outcome->end == row->end, "%s: %s", row->label, association_end_name(outcome->end));
    ck_assert_int_eq(outcome->finished, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("association");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, class_is_taken, ROWS(class_rows));
    tests_rows(tests, a_context_is_answered_by_itself, ROWS(context_rows));
    tests_rows(tests, a_request_is_rejected_with_its_reason, ROWS(reject_rows));
    tests_rows(tests, an_item_gets_its_answer, ROWS(item_rows));
    tests_add(tests, all_contexts_there_can_be_are_answered);
    tests_rows(tests, an_action_gets_its_status, ROWS(action_rows));
    tests_add(tests, an_action_that_is_too_long_is_answered);
    tests_rows(tests, a_command_gets_its_status, ROWS(command_rows));
    tests_add(tests, a_store_tells_what_its_command_said);
    tests_add(tests, a_long_data_set_that_is_refused_is_answered);
    tests_rows(tests, an_association_ends, ROWS(end_rows));
    return tests_run(tests);
}
