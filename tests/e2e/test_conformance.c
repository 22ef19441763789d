/* docs/conformance.md says what the receiver does: its tables of SOP classes, transfer syntaxes, status codes
 * and rejections are compared with one that runs. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/raw_scu.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WAIT_MS = 20000,
    CONTEXTS = 100,
    ROWS_MAX = 400,
    UID_SIZE = 65,
    FEWEST_CLASSES = 150,
    FEWEST_SYNTAXES = 30
};

#define CT           "1.2.840.10008.5.1.4.1.1.2"
#define VERIFICATION "1.2.840.10008.1.1"
#define FIND         "1.2.840.10008.5.1.4.1.2.2.1"
#define IMPLICIT     "1.2.840.10008.1.2"
#define NOTHING      "1.2.840.10008.1.2.4.94" /* JPIP: only where there is nothing else */

static struct scene scene;
static struct text document;

static void set_up(void)
{
    scene_open(&scene);
    file_read(FELUCCA_SOURCE "/docs/conformance.md", &document);
}

static void tear_down(void)
{
    text_release(&document);
    scene_close(&scene);
}

static void start_receiver(const char *more)
{
    scene_set_up(&scene, more);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
}

/* ---- the document ---- */

struct table {
    char uids[ROWS_MAX][UID_SIZE];
    size_t count;
};

/* The UIDs of the table whose first line begins so. */
static void read_table(const char *head, struct table *table)
{
    const char *line = strstr(text_string(&document), head);
    ck_assert_msg(line, "no table %s", head);
    for (line = strchr(line, '\n'); line && line[1] == '|'; line = strchr(line + 1, '\n')) {
        char *uid = table->uids[table->count];
        if (sscanf(line, "\n|%*[^`]`%64[0-9.]` |", uid) == 1) /* NOLINT */
            ck_assert_uint_lt(++table->count, ROWS_MAX);
    }
}

/* ---- the receiver ---- */

static int associate(const struct dul_context *contexts, size_t count, struct text *ret_answer)
{
    return raw_scu_associate(pipeline_port(scene.pipeline), "FELUCCA", "CT01", contexts, count, ret_answer);
}

static void ck_contexts(const struct table *table, bool are_classes)
{
    for (size_t first = 0; first < table->count; first += CONTEXTS) {
        AUTO(text_release) struct text answer = TEXT_EMPTY;
        struct dul_context contexts[CONTEXTS] = {0};
        size_t count = table->count - first < CONTEXTS ? table->count - first : CONTEXTS;
        for (size_t i = 0; i < count; i++) {
            const char *uid = table->uids[first + i];
            contexts[i] = (struct dul_context){
                (unsigned char)(2 * i + 1), are_classes ? uid : CT, {NOTHING, are_classes ? IMPLICIT : uid}};
        }
        AUTO(fd_close) int client = associate(contexts, count, &answer);
        for (size_t i = 0; i < count; i++) {
            unsigned char id = contexts[i].id;
            ck_assert_msg(dul_context_result(&answer, id) == 0, "the receiver refuses %s",
                          table->uids[first + i]);
            ck_assert_str_eq(dul_context_syntax(&answer, id), contexts[i].transfer_syntaxes[1]);
        }
    }
}

START_TEST(tables_of_contexts_are_true)
{
    struct table classes = {.count = 0}, syntaxes = {.count = 0};
    read_table("| SOP class | UID |", &classes);
    read_table("| transfer syntax | UID |", &syntaxes);
    ck_assert_uint_gt(classes.count, FEWEST_CLASSES);
    ck_assert_uint_gt(syntaxes.count, FEWEST_SYNTAXES);
    start_receiver(NULL);
    ck_contexts(&classes, true);
    ck_contexts(&syntaxes, false);
}
END_TEST

/* Each as the only one of a context. */
static void ck_offered(const struct table *table, bool are_classes, unsigned char result)
{
    for (size_t first = 0; first < table->count; first += CONTEXTS) {
        AUTO(text_release) struct text answer = TEXT_EMPTY;
        struct dul_context contexts[CONTEXTS] = {0};
        size_t count = table->count - first < CONTEXTS ? table->count - first : CONTEXTS;
        for (size_t i = 0; i < count; i++) {
            const char *uid = table->uids[first + i];
            contexts[i] = (struct dul_context){
                (unsigned char)(2 * i + 1), are_classes ? uid : CT, {are_classes ? IMPLICIT : uid}};
        }
        AUTO(fd_close) int client = associate(contexts, count, &answer);
        for (size_t i = 0; i < count; i++)
            ck_assert_msg(dul_context_result(&answer, contexts[i].id) == result, "%s: %d",
                          table->uids[first + i], dul_context_result(&answer, contexts[i].id));
    }
}

START_TEST(classes_without_a_study_are_refused)
{
    struct table refused = {.count = 0};
    read_table("| refused SOP class | UID |", &refused);
    ck_assert_uint_ge(refused.count, 9);
    start_receiver(NULL);
    ck_offered(&refused, true, 3);
}
END_TEST

/* Every transfer syntax that the standard's numbers leave room for, and private ones. */
static void make_syntaxes(struct table *table)
{
    for (int i = 1; i < 220; i++)
        (void)snprintf(table->uids[table->count++], UID_SIZE, IMPLICIT ".4.%d", i);
    for (int i = 1; i < 120; i++)
        (void)snprintf(table->uids[table->count++], UID_SIZE, IMPLICIT ".%d", i);
    (void)snprintf(table->uids[table->count++], UID_SIZE, "1.2.840.113619.5.2");
    (void)snprintf(table->uids[table->count++], UID_SIZE, "2.25.336851275958757810911461898545210578371");
}

START_TEST(any_transfer_syntax_is_accepted)
{
    struct table syntaxes = {.count = 0};
    make_syntaxes(&syntaxes);
    start_receiver(NULL);
    ck_offered(&syntaxes, false, 0);
}
END_TEST

START_TEST(a_limit_to_transfer_syntaxes_is_kept)
{
    struct table refused = {.count = 0}, kept = {.count = 1};
    static const struct dul_context verification = {1, VERIFICATION, {IMPLICIT}};
    make_syntaxes(&refused);
    (void)snprintf(kept.uids[0], UID_SIZE, "1.2.840.10008.1.2.1");
    start_receiver("receiver: { transfer_syntaxes: [1.2.840.10008.1.2.1] }\n");
    ck_offered(&kept, false, 0);
    size_t count = 0;
    for (size_t i = 0; i < refused.count; i++)
        if (strcmp(refused.uids[i], kept.uids[0]) != 0)
            memcpy(refused.uids[count++], refused.uids[i], UID_SIZE);
    refused.count = count;
    ck_offered(&refused, false, 4);
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(&verification, 1, &answer);
    ck_assert_int_eq(dul_context_result(&answer, 1), 0);
}
END_TEST

/* What the document says of the choice, in its own cases. */
static const struct choice_row {
    const char *label, *proposed[DUL_SYNTAXES], *chosen;
} choice_rows[] = {
    {"explicit before implicit", {IMPLICIT, IMPLICIT ".1"}, IMPLICIT ".1"},
    {"implicit before big endian", {IMPLICIT ".2", IMPLICIT}, IMPLICIT},
    {"explicit past others", {IMPLICIT, IMPLICIT ".2", IMPLICIT ".1"}, IMPLICIT ".1"},
    {"the first, which is compressed", {IMPLICIT ".4.90", IMPLICIT ".1"}, IMPLICIT ".4.90"},
    {"JPIP last", {NOTHING, IMPLICIT ".4.50"}, IMPLICIT ".4.50"},
};

START_TEST(the_choice_is_the_one_told)
{
    const struct choice_row *row = &choice_rows[_i];
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    struct dul_context context = {.id = 1, .abstract_syntax = CT};
    memcpy(context.transfer_syntaxes, row->proposed, sizeof context.transfer_syntaxes);
    start_receiver(NULL);
    AUTO(fd_close) int client = associate(&context, 1, &answer);
    ck_assert_msg(strcmp(dul_context_syntax(&answer, 1), row->chosen) == 0, "%s", row->label);
}
END_TEST

START_TEST(largest_pdu_is_the_one_told)
{
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    static const struct dul_context verification = {1, VERIFICATION, {IMPLICIT}};
    start_receiver(NULL);
    AUTO(fd_close) int client = associate(&verification, 1, &answer);
    const unsigned char *item = memmem(answer.bytes, answer.length, "\x51\x00\x00\x04", 4);
    ck_assert_ptr_nonnull(item);
    AUTO(text_release) struct text row = TEXT_EMPTY;
    text_format(&row, "| maximum PDU size offered | %u bytes;",
                (unsigned)item[4] << 24 | (unsigned)item[5] << 16 | (unsigned)item[6] << 8 | item[7]);
    ck_assert_msg(strstr(text_string(&document), text_string(&row)), "%s", text_string(&row));
}
END_TEST

/* ---- status codes ---- */

static const struct status_row {
    const char *label, *more; /* of the configuration */
    const char *abstract_syntax;
    uint16_t field;
    bool data_set;
    const char *row;          /* how the document's row begins; the status is in it */
    const char *sop_instance; /* of the command, NULL: the data set's */
    bool unfit;               /* it is of a study that KHEOPS cannot take */
} status_rows[] = {
    {"stored", NULL, CT, 0x0001, true, "| C-STORE | `%04X` | durable", NULL, false},
    {"no space", "receiver: { min_free_space: 900000GiB }\n", CT, 0x0001, true,
     "| C-STORE | `%04X` | out of resources", NULL, false},
    {"another instance", NULL, CT, 0x0001, true, "| C-STORE | `%04X` | the data set is not", "9.8.7.6",
     false},
    {"a study of a word", NULL, CT, 0x0001, true, "| C-STORE | `%04X` | no destination", NULL, true},
    {"wrong context", NULL, VERIFICATION, 0x0001, true,
     "| C-STORE in a context of Verification | `%04X` | SOP class not supported", NULL, false},
    {"echo", NULL, VERIFICATION, 0x0030, false, "| C-ECHO | `%04X` | it works", NULL, false},
    {"another request", NULL, CT, 0x0020, true, "| any other request | `%04X` | unrecognized operation", NULL,
     false},
};

START_TEST(status_is_the_one_told)
{
    const struct status_row *row = &status_rows[_i];
    const struct dul_context context = {1, row->abstract_syntax, {IMPLICIT}};
    const struct dul_command command = {.field = row->field,
                                        .message_id = 7,
                                        .sop_class = row->abstract_syntax,
                                        .sop_instance = row->sop_instance      ? row->sop_instance
                                                        : row->field == 0x0001 ? "1.2.3.4"
                                                                               : "",
                                        .priority = row->data_set ? 0 : -1,
                                        .data_set = row->data_set};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(text_release) struct text expected = TEXT_EMPTY;
    start_receiver(row->more);
    AUTO(fd_close) int client = associate(&context, 1, &answer);
    dul_append_command(&message, 1, &command);
    if (row->data_set)
        dul_append_data(&message, 1,
                        "\x08\x00\x18\x00\x08\x00\x00\x00"
                        "1.2.3.4\0"
                        "\x20\x00\x0d\x00\x04\x00\x00\x00"
                        "WORD",
                        row->unfit ? 28 : 16, true);
    ck_assert_int_eq(send(client, message.bytes, message.length, MSG_NOSIGNAL), (ssize_t)message.length);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_DATA);
    const char *percent = strchr(row->row, '%');
    text_append_bytes(&expected, row->row, (size_t)(percent - row->row));
    text_format(&expected, "%04X%s", (unsigned)dul_status(&answer), percent + 4);
    ck_assert_msg(strstr(text_string(&document), text_string(&expected)), "%s: the document lacks %s",
                  row->label, text_string(&expected));
}
END_TEST

START_TEST(all_told_statuses_are_tried)
{
    const char *line = strstr(text_string(&document), "| request | status | meaning |");
    size_t rows = 0;
    for (line = strchr(line, '\n'); line && line[1] == '|'; line = strchr(line + 1, '\n'))
        rows += strstr(line, "`") != NULL && strncmp(line + 1, "|---", 4) != 0;
    ck_assert_uint_eq(rows, ROWS(status_rows));
}
END_TEST

/* ---- rejections ---- */

static const struct rejection_row {
    const char *called, *calling, *row;
} rejection_rows[] = {
    {"NOBODY", "CT01", "| called AE title of no node |"},
};

START_TEST(rejection_is_the_one_told)
{
    static const char *const results[] = {"", "permanent", "transient"};
    static const char *const sources[] = {"", "service user", "service provider",
                                          "service provider, presentation"};
    const struct rejection_row *row = &rejection_rows[_i];
    const struct dul_context context = {1, CT, {IMPLICIT}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(text_release) struct text expected = TEXT_EMPTY;
    start_receiver(NULL);
    AUTO(fd_close) int client = port_connect(pipeline_port(scene.pipeline));
    dul_append_request(&request, row->called, row->calling, &context, 1);
    ck_assert_int_eq(send(client, request.bytes, request.length, MSG_NOSIGNAL), (ssize_t)request.length);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ASSOCIATE_RJ);
    int result = answer.bytes[7], source = answer.bytes[8], reason = answer.bytes[9];
    ck_assert(result > 0 && result < (int)ROWS(results) && source > 0 && source < (int)ROWS(sources));
    text_format(&expected, "%s %d %s | %d %s | %d |\n", row->row, result, results[result], source,
                sources[source], reason);
    ck_assert_msg(strstr(text_string(&document), text_string(&expected)), "the document lacks %s",
                  text_string(&expected));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("conformance");
    tests_timeout(tests, 60);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, tables_of_contexts_are_true);
    tests_add(tests, classes_without_a_study_are_refused);
    tests_add(tests, any_transfer_syntax_is_accepted);
    tests_add(tests, a_limit_to_transfer_syntaxes_is_kept);
    tests_rows(tests, the_choice_is_the_one_told, ROWS(choice_rows));
    tests_add(tests, largest_pdu_is_the_one_told);
    tests_rows(tests, status_is_the_one_told, ROWS(status_rows));
    tests_add(tests, all_told_statuses_are_tried);
    tests_rows(tests, rejection_is_the_one_told, ROWS(rejection_rows));
    return tests_run(tests);
}
