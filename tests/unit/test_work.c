#include "common/wire/work.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define RECEIPT "0193a5b2c4d100112233445566778899"

static int decode(const char *verb, const char *json, struct work_message *ret_message)
{
    return work_decode(verb, strlen(verb), json, strlen(json), ret_message);
}

static void round_trip(const struct work_message *message, struct work_message *ret_message)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    work_encode(message, &json);
    ck_assert_int_eq(decode(work_verb_name(message->verb), text_string(&json), ret_message), 0);
    ck_assert_int_eq(ret_message->verb, message->verb);
}

START_TEST(hello_says_all_it_said)
{
    char held[2][WORK_ID_SIZE] = {"epoch-1", "epoch-2"};
    struct work_message hello = {.verb = WORK_HELLO,
                                 .stage = WORK_SHARE,
                                 .name = (char *)"sharer-1",
                                 .session = "abc",
                                 .protocol = WORK_PROTOCOL,
                                 .slots = 7,
                                 .proof = "0123abcd",
                                 .held = held,
                                 .held_count = 2};
    struct work_message read;
    round_trip(&hello, &read);
    ck_assert_int_eq(read.stage, WORK_SHARE);
    ck_assert_str_eq(read.name, "sharer-1");
    ck_assert_str_eq(read.session, "abc");
    ck_assert_int_eq(read.slots, 7);
    ck_assert_str_eq(read.proof, "0123abcd");
    ck_assert_uint_eq(read.held_count, 2);
    ck_assert_str_eq(read.held[1], "epoch-2");
    work_message_release(&read);
}
END_TEST

static struct work_item items[] = {{.id = 1, .receipt = RECEIPT, .size = 540000, .twin = true, .fresh = true},
                                   {.id = 2, .receipt = RECEIPT, .absent = true}};

static struct work sending = {.id = "e-1",
                              .stage = WORK_SEND,
                              .destination = (char *)"main",
                              .study = (char *)"1.2.3",
                              .home = (char *)"album-1",
                              .address = "0123456789abcdef",
                              .unasked = true,
                              .items = items,
                              .item_count = 2};

START_TEST(who_and_pong_name_what_is_gone)
{
    char gone[1][WORK_ID_SIZE] = {"epoch-1"};
    struct work_message pong = {.verb = WORK_PONG, .gone = gone, .gone_count = 1}, read;
    struct work_message who = {.verb = WORK_WHO, .reason = (char *)"why not"};
    round_trip(&pong, &read);
    ck_assert_uint_eq(read.gone_count, 1);
    ck_assert_str_eq(read.gone[0], "epoch-1");
    ck_assert_ptr_null(read.reason);
    work_message_release(&read);
    round_trip(&who, &read);
    ck_assert_uint_eq(read.gone_count, 0);
    ck_assert_str_eq(read.reason, "why not");
    work_message_release(&read);
}
END_TEST

START_TEST(work_arrives_whole)
{
    struct work_message message = {.verb = WORK_WORK, .work = &sending}, read;
    round_trip(&message, &read);
    ck_assert_str_eq(read.work->id, "e-1");
    ck_assert_str_eq(read.work->study, "1.2.3");
    ck_assert_ptr_null(read.work->album);
    ck_assert_uint_eq(read.work->item_count, 2);
    ck_assert_int_eq(read.work->items[0].size, 540000);
    ck_assert_str_eq(read.work->items[0].receipt, RECEIPT);
    ck_assert(read.work->unasked && read.work->items[0].twin && !read.work->items[1].twin);
    ck_assert(!read.work->items[0].absent && read.work->items[1].absent);
    ck_assert(read.work->items[0].fresh && !read.work->items[1].fresh);
    ck_assert_str_eq(read.work->home, "album-1");
    ck_assert_str_eq(read.work->address, "0123456789abcdef");
    work_message_release(&read);
}
END_TEST

START_TEST(look_and_seen_arrive_whole)
{
    struct work_look look = {
        .destination = (char *)"main", .album = (char *)"mr", .address = "0123456789abcdef"};
    struct work_message message = {.verb = WORK_LOOK, .look = &look}, read;
    round_trip(&message, &read);
    ck_assert_str_eq(read.look->album, "mr");
    ck_assert_str_eq(read.look->address, look.address);
    ck_assert(!read.look->ready);
    work_message_release(&read);
    message.verb = WORK_SEEN;
    look.ready = true;
    look.album = NULL;
    round_trip(&message, &read);
    ck_assert_str_eq(read.look->destination, "main");
    ck_assert_ptr_null(read.look->album);
    ck_assert(read.look->ready);
    work_message_release(&read);
    ck_assert_int_eq(decode("SEEN", "{\"destination\":\"main\",\"album\":null,\"address\":\"\"}", &read),
                     ERR_SYNTAX);
    ck_assert_int_eq(decode("LOOK", "{\"album\":null,\"address\":\"\"}", &read), ERR_SYNTAX);
}
END_TEST

START_TEST(result_arrives_whole_even_when_it_quotes_bytes_that_are_no_text)
{
    struct work_result *result = work_result_create(&sending);
    work_answer_set(&result->answers[0], WORK_REJECT_OUTCOME, BLAME_INSTANCE, 409, "caf\xe9 is not UTF-8");
    work_answer_set(&result->answers[1], WORK_DONE_OUTCOME, BLAME_NOBODY, 200, NULL);
    result->not_before_ms = 5000;
    result->opens = memory_string("album-2");
    result->vacant = result->answers[1].absent = true;
    struct work_message message = {.verb = WORK_RESULT, .session = "s", .result = result}, read;
    round_trip(&message, &read);
    ck_assert_int_eq(read.result->answers[0].outcome, WORK_REJECT_OUTCOME);
    ck_assert_int_eq(read.result->answers[0].blame, BLAME_INSTANCE);
    ck_assert_str_eq(read.result->answers[0].reason, "caf\xEF\xBF\xBD is not UTF-8");
    ck_assert_ptr_null(read.result->answers[1].reason);
    ck_assert_int_eq(read.result->not_before_ms, 5000);
    ck_assert_str_eq(read.result->home, "album-1"); /* as the WORK said it */
    ck_assert_str_eq(read.result->opens, "album-2");
    ck_assert(!read.result->unbegun);
    ck_assert(read.result->vacant && !read.result->answers[0].absent && read.result->answers[1].absent);
    ck_assert_str_eq(read.result->address, "0123456789abcdef");
    work_message_release(&read);
    work_result_destroy(&result);
}
END_TEST

START_TEST(inquiry_and_its_headers_arrive_whole)
{
    char instances[2][WORK_UID_SIZE] = {"1.2.3.4", "1.2.3.5"};
    struct work_item item = {.id = 7};
    struct work inquiry = {.id = "e-2",
                           .stage = WORK_INQUIRE,
                           .destination = (char *)"main",
                           .album = (char *)"ct",
                           .study = (char *)"1.2",
                           .series = (char *)"1.2.3",
                           .items = &item,
                           .item_count = 1,
                           .instances = instances,
                           .instance_count = 2};
    struct work_message message = {.verb = WORK_WORK, .work = &inquiry}, read;
    round_trip(&message, &read);
    ck_assert_uint_eq(read.work->instance_count, 2);
    ck_assert_str_eq(read.work->instances[1], "1.2.3.5");
    ck_assert_str_eq(read.work->series, "1.2.3");
    work_message_release(&read);
    struct work_result *result = work_result_create(&inquiry);
    text_append_bytes(&work_result_add_header(result, "1.2.3.4")->kept, "\0\1\2", 3);
    work_result_add_header(result, "1.2.3.5")->why = memory_string("not there");
    message = (struct work_message){.verb = WORK_RESULT, .result = result, .session = "s"};
    round_trip(&message, &read);
    ck_assert_uint_eq(read.result->header_count, 2);
    ck_assert_str_eq(read.result->headers[0].instance, "1.2.3.4");
    ck_assert(read.result->headers[0].kept.length == 3 && !read.result->headers[0].why);
    ck_assert_int_eq(memcmp(read.result->headers[0].kept.bytes, "\0\1\2", 3), 0);
    ck_assert_str_eq(read.result->headers[1].why, "not there");
    work_message_release(&read);
    work_result_destroy(&result);
}
END_TEST

START_TEST(reason_is_cut)
{
    char *long_reason = memory_new(5001, 1);
    memset(long_reason, 'x', 5000);
    struct work_answer answer = {0};
    work_answer_set(&answer, WORK_RETRY_OUTCOME, BLAME_NOBODY, 0, long_reason);
    ck_assert_uint_eq(strlen(answer.reason), WORK_REASON_MAX);
    free(answer.reason);
    free(long_reason);
}
END_TEST

#define ITEM "{\"id\":1,\"receipt\":\"" RECEIPT "\",\"size\":10}"
#define WORK_                                                                                               \
    "{\"work\":\"e-1\",\"stage\":\"send\",\"destination\":\"d\",\"album\":null,\"study\":\"1\",\"series\":" \
    "null,\"home\":null,\"items\":["
#define FETCH                                                                                                \
    "{\"work\":\"e-1\",\"stage\":\"fetch\",\"destination\":\"d\",\"album\":null,\"study\":\"1\",\"series\":" \
    "null,\"home\":null,\"items\":["
#define FETCHED "{\"id\":1,\"receipt\":\"\",\"size\":0}"
#define RESULT                                                                                     \
    "{\"session\":\"s\",\"work\":\"e-1\",\"stage\":\"send\",\"destination\":\"d\",\"album\":null," \
    "\"home\":null,\"opens\":null,\"not_before_ms\":0,\"bytes\":1,\"milliseconds\":1,\"answers\":["
#define ANSWER                         \
    "{\"id\":1,\"receipt\":\"" RECEIPT \
    "\",\"outcome\":\"done\",\"blame\":\"nobody\",\"status\":200,\"reason\":null}"

#define ASKED                                                                                          \
    "{\"session\":\"s\",\"work\":\"e-1\",\"stage\":\"inquire\",\"destination\":\"d\",\"album\":\"a\"," \
    "\"home\":null,\"opens\":null,\"not_before_ms\":0,\"bytes\":1,\"milliseconds\":1,\"answers\":["    \
    "{\"id\":1,\"receipt\":\"\",\"outcome\":\"done\",\"blame\":\"nobody\",\"status\":200,\"reason\":null}],"

static const struct bad_row {
    const char *label, *verb, *json;
    int code;
} bad_rows[] = {
    {"a good work", "WORK", WORK_ ITEM "]}", 0},
    {"a good fetch", "WORK", FETCH FETCHED "]}", 0},
    {"a fetch of two studies", "WORK", FETCH FETCHED "," FETCHED "]}", ERR_SYNTAX},
    {"a fetch of an instance", "WORK", FETCH ITEM "]}", ERR_SYNTAX},
    {"a HELLO of another version", "HELLO", "{\"name\":\"x\",\"session\":\"s\",\"protocol\":1}", 0},
    {"a HELLO of ours without the rest", "HELLO", "{\"name\":\"x\",\"session\":\"s\",\"protocol\":3}",
     ERR_SYNTAX},
    {"a PONG with a number gone", "PONG", "{\"gone\":[1]}", ERR_SYNTAX},
    {"a worker that only fetches", "HELLO",
     "{\"stage\":\"fetch\",\"name\":\"x\",\"session\":\"s\",\"protocol\":3,\"slots\":1,\"held\":[]}",
     ERR_SYNTAX},
    {"a good result", "RESULT", RESULT ANSWER "]}", 0},
    {"unknown verb", "NONSENSE", "{}", ERR_SYNTAX},
    {"not JSON", "PING", "{", ERR_SYNTAX},
    {"not an object", "PING", "[]", ERR_SYNTAX},
    {"a key twice", "BYE", "{\"session\":\"a\",\"session\":\"b\"}", ERR_SYNTAX},
    {"no session", "PING", "{\"held\":[]}", ERR_SYNTAX},
    {"session too long", "BYE", "{\"session\":\"0123456789012345678901234567890123456789\"}", ERR_SYNTAX},
    {"held is no list", "PING", "{\"session\":\"s\",\"held\":{}}", ERR_SYNTAX},
    {"held holds a number", "PING", "{\"session\":\"s\",\"held\":[1]}", ERR_SYNTAX},
    {"work without items", "WORK", WORK_ "]}", ERR_SYNTAX},
    {"a path for a receipt", "WORK", WORK_ "{\"id\":1,\"receipt\":\"../../etc/passwd\",\"size\":1}]}",
     ERR_SYNTAX},
    {"a negative size", "WORK", WORK_ "{\"id\":1,\"receipt\":\"" RECEIPT "\",\"size\":-1}]}", ERR_SYNTAX},
    {"an id of text", "WORK", WORK_ "{\"id\":\"1\",\"receipt\":\"" RECEIPT "\",\"size\":1}]}", ERR_SYNTAX},
    {"unknown outcome", "RESULT",
     RESULT "{\"id\":1,\"receipt\":\"" RECEIPT
            "\",\"outcome\":\"maybe\",\"blame\":\"nobody\",\"status\":200,\"reason\":null}]}",
     ERR_SYNTAX},
    {"unknown blame", "RESULT",
     RESULT "{\"id\":1,\"receipt\":\"" RECEIPT
            "\",\"outcome\":\"done\",\"blame\":\"the weather\",\"status\":200,\"reason\":null}]}",
     ERR_SYNTAX},
    {"nobody is blamed by name", "RESULT",
     RESULT "{\"id\":1,\"receipt\":\"" RECEIPT "\",\"outcome\":\"done\",\"status\":200,\"reason\":null}]}",
     ERR_SYNTAX},
    {"status out of range", "RESULT",
     RESULT "{\"id\":1,\"receipt\":\"" RECEIPT
            "\",\"outcome\":\"done\",\"blame\":\"nobody\",\"status\":2000,\"reason\":null}]}",
     ERR_SYNTAX},
    {"unknown stage", "HELLO",
     "{\"stage\":\"mail\",\"name\":\"n\",\"session\":\"s\",\"protocol\":3,\"slots\":1,\"held\":[]}",
     ERR_SYNTAX},
    {"too many slots", "HELLO",
     "{\"stage\":\"send\",\"name\":\"n\",\"session\":\"s\",\"protocol\":3,\"slots\":100000,\"held\":[]}",
     ERR_SYNTAX},
    {"an inquiry about no instance", "WORK",
     "{\"work\":\"e-1\",\"stage\":\"inquire\",\"destination\":\"d\",\"album\":\"a\",\"study\":\"1\","
     "\"series\":\"1.1\",\"instances\":[],\"items\":[{\"id\":1,\"receipt\":\"\",\"size\":0}]}",
     ERR_SYNTAX},
    {"an inquiry about nine", "WORK",
     "{\"work\":\"e-1\",\"stage\":\"inquire\",\"destination\":\"d\",\"album\":\"a\",\"study\":\"1\","
     "\"series\":\"1.1\",\"instances\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"],"
     "\"items\":[{\"id\":1,\"receipt\":\"\",\"size\":0}]}",
     ERR_SYNTAX},
    {"headers of what was sent", "RESULT",
     RESULT ANSWER "],\"headers\":[{\"instance\":\"1\",\"header\":\"QQ==\",\"why\":null}]}", ERR_SYNTAX},
    {"a header that is no base64", "RESULT",
     ASKED "\"headers\":[{\"instance\":\"1\",\"header\":\"?\",\"why\":null}]}", ERR_SYNTAX},
    {"neither a header nor why", "RESULT",
     ASKED "\"headers\":[{\"instance\":\"1\",\"header\":\"\",\"why\":null}]}", ERR_SYNTAX},
    {"a good header", "RESULT", ASKED "\"headers\":[{\"instance\":\"1\",\"header\":\"QQ==\",\"why\":null}]}",
     0},
    {"a share of no series", "WORK",
     "{\"work\":\"e-1\",\"stage\":\"share\",\"destination\":\"d\",\"album\":\"a\",\"study\":\"1\","
     "\"series\":null,\"items\":[{\"id\":1,\"receipt\":\"\",\"size\":0}]}",
     ERR_SYNTAX},
};

START_TEST(only_messages_are_taken)
{
    const struct bad_row *row = &bad_rows[_i];
    struct work_message message;
    ck_assert_msg(decode(row->verb, row->json, &message) == row->code, "%s", row->label);
    work_message_release(&message);
}
END_TEST

/* Whatever byte is broken, decoding answers, and never more than the message. */
START_TEST(broken_bytes_are_survived)
{
    static const char good[] = RESULT ANSWER "]}";
    for (size_t i = 0; i < sizeof good - 1; i++) {
        char broken[sizeof good];
        struct work_message message;
        memcpy(broken, good, sizeof good);
        broken[i] = (char)(broken[i] ^ 0x15);
        int code = work_decode("RESULT", 6, broken, sizeof good - 1, &message);
        ck_assert(code == 0 || code == ERR_SYNTAX);
        work_message_release(&message);
        code = work_decode("RESULT", 6, good, i, &message);
        ck_assert_int_eq(code, ERR_SYNTAX);
        work_message_release(&message);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("work");
    tests_add(tests, hello_says_all_it_said);
    tests_add(tests, who_and_pong_name_what_is_gone);
    tests_add(tests, work_arrives_whole);
    tests_add(tests, look_and_seen_arrive_whole);
    tests_add(tests, result_arrives_whole_even_when_it_quotes_bytes_that_are_no_text);
    tests_add(tests, inquiry_and_its_headers_arrive_whole);
    tests_add(tests, reason_is_cut);
    tests_rows(tests, only_messages_are_taken, ROWS(bad_rows));
    tests_add(tests, broken_bytes_are_survived);
    return tests_run(tests);
}
