/* What a modality may ask for beyond storing: requests and services that the receiver does not serve get their proper
 * refusals, and the association goes on; and an object comes through in every transfer syntax of today, and in private
 * ones, byte for byte. */
#include "common/base/cleanup.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/raw_scu.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CT           "1.2.840.10008.5.1.4.1.1.2"
#define VERIFICATION "1.2.840.10008.1.1"
#define IMPLICIT     "1.2.840.10008.1.2"

enum { WAIT_MS = 20000, STORE = 1, ECHO = 3, UID_SIZE = 65, FEWEST_SYNTAXES = 40, REFUSED_CONTEXT = 3 };

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
    scene_set_up(&scene, NULL);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static int associate(const struct dul_context *contexts, size_t count, struct text *ret_answer)
{
    return raw_scu_associate(pipeline_port(scene.pipeline), "FELUCCA", "CT01", contexts, count, ret_answer);
}

/* Says it and waits for the answer. */
static void ask(int client, const struct text *message, struct text *ret_answer)
{
    ck_assert_int_eq(send(client, message->bytes, message->length, MSG_NOSIGNAL), (ssize_t)message->length);
    ck_assert_int_eq(dul_read(client, WAIT_MS, ret_answer), DUL_DATA);
}

static void ck_echo(int client, const char *label)
{
    const struct dul_command echo = {
        .field = 0x0030, .message_id = 99, .sop_class = VERIFICATION, .sop_instance = "", .priority = -1};
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    dul_append_command(&message, ECHO, &echo);
    ask(client, &message, &answer);
    ck_assert_msg(dul_command_field(&answer) == 0x8030 && dul_status(&answer) == 0, "%s: the echo behind it",
                  label);
}

/* ---- what is not served ---- */

static const struct request_row {
    const char *label;
    uint16_t field;
    bool data_set;
} request_rows[] = {
    {"C-FIND", 0x0020, true},         {"C-FIND without identifier", 0x0020, false},
    {"C-GET", 0x0010, true},          {"C-MOVE", 0x0021, true},
    {"N-EVENT-REPORT", 0x0100, true}, {"N-GET", 0x0110, false},
    {"N-SET", 0x0120, true},          {"N-ACTION", 0x0130, true},
    {"N-CREATE", 0x0140, true},       {"N-DELETE", 0x0150, false},
};

START_TEST(a_request_that_is_not_served_is_refused_and_the_association_goes_on)
{
    const struct request_row *row = &request_rows[_i];
    static const struct dul_context contexts[] = {{STORE, CT, {IMPLICIT}}, {ECHO, VERIFICATION, {IMPLICIT}}};
    const struct dul_command command = {.field = row->field,
                                        .message_id = 7,
                                        .sop_class = CT,
                                        .sop_instance = "1.2.3.4",
                                        .priority = row->data_set ? 0 : -1,
                                        .data_set = row->data_set};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(contexts, ROWS(contexts), &answer);
    dul_append_command(&message, STORE, &command);
    if (row->data_set)
        dul_append_data(&message, STORE, "\x08\x00\x52\x00\x06\x00\x00\x00STUDY ", 14, true);
    ask(client, &message, &answer);
    ck_assert_msg(dul_status(&answer) == 0x0211, "%s: %04X", row->label, (unsigned)dul_status(&answer));
    ck_assert_msg(dul_command_field(&answer) == (0x8000 | row->field), "%s: answered %04X", row->label,
                  (unsigned)dul_command_field(&answer));
    ck_echo(client, row->label);
}
END_TEST

/* A C-CANCEL has no response (PS3.7 section 9.3.2.3). */
START_TEST(what_is_cancelled_is_not_answered)
{
    static const struct dul_context contexts[] = {{STORE, CT, {IMPLICIT}}, {ECHO, VERIFICATION, {IMPLICIT}}};
    const struct dul_command cancel = {
        .field = 0x0FFF, .message_id = 7, .sop_class = "", .sop_instance = "", .priority = -1};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(contexts, ROWS(contexts), &answer);
    dul_append_command(&message, STORE, &cancel);
    ck_assert_int_eq(send(client, message.bytes, message.length, MSG_NOSIGNAL), (ssize_t)message.length);
    ck_echo(client, "C-CANCEL");
}
END_TEST

/* Each is answered as "abstract syntax not supported" (PS3.8 table 9-18), and none is dropped. */
START_TEST(contexts_of_other_services_are_refused_by_name)
{
    static const char *const services[] = {
        "1.2.840.10008.5.1.4.1.2.2.1", /* Study Root Query, FIND */
        "1.2.840.10008.5.1.4.1.2.2.2", /* MOVE */
        "1.2.840.10008.5.1.4.1.2.2.3", /* GET */
        "1.2.840.10008.5.1.4.31",      /* Modality Worklist */
        "1.2.840.10008.3.1.2.3.3",     /* Modality Performed Procedure Step */
        "1.2.840.10008.5.1.1.9",       /* Basic Grayscale Print */
    };
    struct dul_context contexts[ROWS(services) + 1] = {{ECHO, VERIFICATION, {IMPLICIT}}};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    for (size_t i = 0; i < ROWS(services); i++)
        contexts[i + 1] = (struct dul_context){(unsigned char)(2 * i + 5), services[i], {IMPLICIT}};
    AUTO(fd_close) int client = associate(contexts, ROWS(contexts), &answer);
    for (size_t i = 1; i < ROWS(contexts); i++)
        ck_assert_msg(dul_context_result(&answer, contexts[i].id) == REFUSED_CONTEXT, "%s: %d",
                      contexts[i].abstract_syntax, dul_context_result(&answer, contexts[i].id));
    ck_echo(client, "other services");
}
END_TEST

/* ---- every transfer syntax ---- */

/* An object as it is on the wire: whatever its syntax, nobody decodes it. */
static void append_object(const char *sop_instance, bool is_explicit, struct text *out)
{
    char uid[UID_SIZE] = "";
    (void)snprintf(uid, sizeof uid, "%s", sop_instance);
    unsigned char length = (unsigned char)(strlen(uid) + strlen(uid) % 2);
    const char implicit_head[] = {8, 0, 0x18, 0, (char)length, 0, 0, 0};
    const char explicit_head[] = {8, 0, 0x18, 0, 'U', 'I', (char)length, 0};
    text_append_bytes(out, is_explicit ? explicit_head : implicit_head, 8);
    text_append_bytes(out, uid, length);
    /* fragments: an empty offset table, 4 bytes, the end */
    text_append_bytes(out, "\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0", 20);
    text_append_bytes(out, "\xFE\xFF\x00\xE0\4\0\0\0\xFF\xD8\xFF\xD9\xFE\xFF\xDD\xE0\0\0\0\0", 20);
}

struct found {
    const struct text *object;
    size_t count;
};

/* A file that ends with the object. */
static void look(void *context, const char *path)
{
    struct found *found = context;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    file_read(path, &file);
    size_t length = found->object->length;
    found->count +=
        file.length > length && memcmp(file.bytes + file.length - length, found->object->bytes, length) == 0;
}

static void ck_comes_through(const char *syntax, unsigned number)
{
    const struct dul_context context = {STORE, CT, {syntax}};
    char sop_instance[UID_SIZE];
    (void)snprintf(sop_instance, sizeof sop_instance, "1.2.3.%u", number);
    const struct dul_command store = {
        .field = 0x0001, .message_id = 7, .sop_class = CT, .sop_instance = sop_instance, .data_set = true};
    AUTO(text_release) struct text object = TEXT_EMPTY;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(&context, 1, &answer);
    ck_assert_msg(dul_context_result(&answer, STORE) == 0, "%s is refused", syntax);
    append_object(sop_instance, strcmp(syntax, IMPLICIT) != 0, &object);
    dul_append_command(&message, STORE, &store);
    dul_append_data(&message, STORE, object.bytes, object.length, true);
    ask(client, &message, &answer);
    ck_assert_msg(dul_status(&answer) == 0, "%s: %04X", syntax, (unsigned)dul_status(&answer));
    struct found found = {&object, 0};
    folder_walk(sandbox_path(scene.sandbox, "state/spool/incoming"), look, &found);
    ck_assert_msg(found.count == 1, "%s: %zu files hold what was sent", syntax, found.count);
}

START_TEST(an_object_comes_through_in_every_transfer_syntax)
{
    AUTO(text_release) struct text document = TEXT_EMPTY;
    char syntax[UID_SIZE];
    unsigned count = 0;
    file_read(FELUCCA_SOURCE "/docs/conformance.md", &document);
    const char *line = strstr(text_string(&document), "| transfer syntax | UID |");
    ck_assert_ptr_nonnull(line);
    for (line = strchr(line, '\n'); line && line[1] == '|'; line = strchr(line + 1, '\n')) {
        if (sscanf(line, "\n|%*[^`]`%64[0-9.]` |", syntax) == 1) /* NOLINT */
            ck_comes_through(syntax, ++count);
    }
    ck_assert_uint_ge(count, FEWEST_SYNTAXES);
    ck_comes_through("1.2.840.113619.5.2", ++count);
    ck_comes_through("2.25.336851275958757810911461898545210578371", ++count);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("services");
    tests_timeout(tests, 120);
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_request_that_is_not_served_is_refused_and_the_association_goes_on,
               ROWS(request_rows));
    tests_add(tests, what_is_cancelled_is_not_answered);
    tests_add(tests, contexts_of_other_services_are_refused_by_name);
    tests_add(tests, an_object_comes_through_in_every_transfer_syntax);
    return tests_run(tests);
}
