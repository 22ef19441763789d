#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"
#include "sender/stow_answer.h"
#include "tests/support/suite.h"

#include <string.h>

#define JSON "application/dicom+json"
#define XML  "application/dicom+xml; charset=utf-8"

#define J_STORED(uid)                                                                                        \
    "{\"00081150\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]},\"00081155\":{\"vr\":\"UI\",\"Value\":[\"" uid "\"]}" \
    "}"
#define J_FAILED(uid, reason)                                                                              \
    "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"" uid "\"]},\"00081197\":{\"vr\":\"US\",\"Value\":[" reason \
    "]}}"
#define J_SQ(tag, items) "\"" tag "\":{\"vr\":\"SQ\",\"Value\":[" items "]}"

#define X_VALUE(tag, vr, value) \
    "<DicomAttribute tag=\"" tag "\" vr=\"" vr "\"><Value number=\"1\">" value "</Value></DicomAttribute>"
#define X_ITEM(content)  "<Item number=\"1\">" content "</Item>"
#define X_SQ(tag, items) "<DicomAttribute tag=\"" tag "\" vr=\"SQ\">" items "</DicomAttribute>"
#define X_ROOT(content)                                              \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel " \
    "xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\""      \
    " xml:space=\"preserve\">" content "</NativeDicomModel>"

/* says: every reference as "+uid", "+uid!warning" or "-uid!reason@tag@tag", then "?n!reason" for other
 * failures. */
static const struct row {
    const char *label, *type, *body;
    int code;
    const char *says;
} rows[] = {
    {"empty", JSON, "", ERR_ABSENT, ""},
    {"only white space", JSON, " \r\n\t", ERR_ABSENT, ""},
    {"one stored", JSON, "{" J_SQ("00081199", J_STORED("1.2.3")) "}", 0, "+1.2.3"},
    {"stored and failed", JSON,
     "{" J_SQ("00081198", J_FAILED("1.2.4", "272")) "," J_SQ("00081199", J_STORED("1.2.3")) "}", 0,
     "-1.2.4!0110 +1.2.3"},
    {"in an array", JSON, "[{" J_SQ("00081199", J_STORED("1.2.3") "," J_STORED("1.2.5")) "}]", 0,
     "+1.2.3 +1.2.5"},
    {"one data set an instance", JSON,
     "[{" J_SQ("00081199", J_STORED("1.2.3")) "},{" J_SQ("00081199", J_STORED("1.2.5")) "}]", 0,
     "+1.2.3 +1.2.5"},
    {"an array that holds no data set", JSON, "[{" J_SQ("00081199", J_STORED("1.2.3")) "},7]", ERR_SYNTAX,
     ""},
    {"behind a byte order mark", JSON, "\xef\xbb\xbf{" J_SQ("00081199", J_STORED("1.2.3")) "}", 0, "+1.2.3"},
    {"XML behind one, called JSON", JSON, "\xef\xbb\xbf<NativeDicomModel/>", 0, ""},
    {"a byte order mark alone", JSON, "\xef\xbb\xbf", ERR_ABSENT, ""},
    {"a UID padded as in a data set", JSON, "{" J_SQ("00081199", J_STORED("1.2.3\\u0000")) "}", 0, "+1.2.3"},
    {"values without their array", JSON,
     "{" J_SQ("00081198", "{\"00081155\":{\"vr\":\"UI\",\"Value\":\"1.2.4\"},\"00081197\":{\"vr\":\"US\","
                          "\"Value\":272}}") "}",
     0, "-1.2.4!0110"},
    {"without a type", "", "{" J_SQ("00081199", J_STORED("1.2.3")) "}", 0, "+1.2.3"},
    {"stored with a warning", JSON,
     "{" J_SQ("00081199", "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"1.2.3\"]},\"00081196\":{\"vr\":\"US\","
                          "\"Value\":[45056]}}") "}",
     0, "+1.2.3!B000"},
    {"tags as KHEOPS writes them", JSON,
     "{" J_SQ("00081198",
              "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"1.2.3\"]},\"00081197\":{\"vr\":\"US\",\"Value\":"
              "[262]},\"00001005\":{\"vr\":\"LO\",\"Value\":[\"524384\",\"00080020\",1048592,\"x\",\"\","
              "null]}}") "}",
     0, "-1.2.3!0106@00080060@00080020@00100010"},
    {"other failures", JSON, "{" J_SQ("0008119A", "{\"00081197\":{\"vr\":\"US\",\"Value\":[272]}},{}") "}", 0,
     "?2!0110"},
    {"a failure without a name", JSON,
     "{" J_SQ("00081198", "{\"00081197\":{\"vr\":\"US\",\"Value\":[42752]}}") "}", 0, "?1!A700"},
    {"lower-case tags, padded UID, reason as text", JSON,
     "{\"0008119a\":{\"Value\":[{}]},\"00081198\":{\"Value\":[{\"00081155\":{\"Value\":[\" 1.2.3 \"]},"
     "\"00081197\":{\"Value\":[\"273\"]}}]}}",
     0, "-1.2.3!0111 ?1!0000"},
    {"nothing of ours in it", JSON, "{\"00081190\":{\"vr\":\"UR\",\"Value\":[\"https://x\"]}}", 0, ""},
    {"empty object", JSON, "{}", 0, ""},
    {"null sequences", JSON, "{\"00081199\":null,\"00081198\":{\"vr\":\"SQ\"},\"0008119A\":{\"Value\":{}}}",
     0, ""},
    {"a UID that is too long", JSON,
     "{" J_SQ("00081199",
              J_STORED("1.22222222222222222222222222222222222222222222222222222222222222222")) "}",
     0, ""},
    {"cut off", JSON, "{\"00081199\":{\"vr\":\"SQ\",\"Va", ERR_SYNTAX, ""},
    {"a page of HTML", "text/html", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", ERR_SYNTAX,
     ""},
    {"HTML without document type", "text/html", "<html><body><p>Error<br></body></html>", ERR_SYNTAX, ""},
    {"text", "text/plain", "Internal error", ERR_SYNTAX, ""},
    {"a number", JSON, "17", ERR_SYNTAX, ""},
    {"an empty array", JSON, "[]", ERR_SYNTAX, ""},
    {"XML: stored", XML, X_ROOT(X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", "1.2.3")))), 0, "+1.2.3"},
    {"XML: stored, failed, others", XML,
     X_ROOT(X_SQ("00081198", X_ITEM(X_VALUE("00081155", "UI", "1.2.4") X_VALUE("00081197", "US", "292")))
                X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", " 1.2.3\n")) X_ITEM(
                                     X_VALUE("00081155", "UI", "1.2.5") X_VALUE("00081196", "US", "1")))
                    X_SQ("0008119A", X_ITEM(X_VALUE("00081197", "US", "272")))),
     0, "-1.2.4!0124 +1.2.3 +1.2.5!0001 ?1!0110"},
    {"XML: with a prefix", "application/xml",
     "<d:NativeDicomModel xmlns:d=\"x\"><d:DicomAttribute tag=\"00081199\" vr=\"SQ\"><d:Item number=\"1\">"
     "<d:DicomAttribute tag=\"00081155\" vr=\"UI\"><d:Value "
     "number=\"1\">1.2&#46;3</d:Value></d:DicomAttribute>"
     "</d:Item></d:DicomAttribute></d:NativeDicomModel>",
     0, "+1.2.3"},
    {"XML: a byte order mark", XML,
     "\xEF\xBB\xBF" X_ROOT(X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", "1.2.3")))), 0, "+1.2.3"},
    {"XML: inner sequences are passed over", XML,
     X_ROOT(X_SQ("00081199", X_ITEM(X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", "9.9")))
                                        X_VALUE("00081155", "UI", "1.2.3")))
                X_SQ("00081115", X_ITEM(X_VALUE("00081155", "UI", "8.8")))),
     0, "+1.2.3"},
    {"XML: a value outside an item", XML, X_ROOT(X_VALUE("00081199", "SQ", "1.2.3")), 0, ""},
    {"XML: cut off", XML,
     "<NativeDicomModel><DicomAttribute tag=\"00081199\" vr=\"SQ\"><Item number=\"1\"></Item>", ERR_SYNTAX,
     ""},
    {"XML: entities are refused", XML,
     "<!DOCTYPE NativeDicomModel [<!ENTITY a \"1.2.3\">]><NativeDicomModel>&a;</NativeDicomModel>",
     ERR_SYNTAX, ""},
    {"XML: an external document type is refused", XML,
     "<!DOCTYPE NativeDicomModel SYSTEM \"file:///etc/passwd\"><NativeDicomModel/>", ERR_SYNTAX, ""},
    {"XML announced, JSON sent", XML, "{" J_SQ("00081199", J_STORED("1.2.3")) "}", ERR_SYNTAX, ""},
    {"JSON announced, XML sent", JSON, X_ROOT(X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", "1.2.3")))),
     0, "+1.2.3"},
};

static void describe(const struct stow_answer *answer, struct text *out)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct stow_reference *reference = &answer->references[i];
        text_format(out, "%s%s%s", out->length ? " " : "", reference->stored ? "+" : "-",
                    reference->sop_instance);
        if (reference->reason)
            text_format(out, "!%04X", reference->reason);
        for (size_t j = 0; j < reference->tag_count; j++)
            text_format(out, "@%08X", (unsigned)reference->tags[j]);
    }
    if (answer->other_failures)
        text_format(out, "%s?%zu!%04X", out->length ? " " : "", answer->other_failures, answer->other_reason);
}

START_TEST(an_answer_is_read)
{
    const struct row *row = &rows[_i];
    AUTO(stow_answer_destroy) struct stow_answer *answer = NULL;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    int code = stow_answer_read(row->type, row->body, strlen(row->body), &answer);
    ck_assert_msg(code == row->code, "%s: %d", row->label, code);
    ck_assert_msg((answer != NULL) == (code == 0), "%s", row->label);
    if (answer)
        describe(answer, &says);
    ck_assert_msg(strcmp(text_string(&says), row->says) == 0, "%s: %s", row->label, text_string(&says));
}
END_TEST

/* ---- hostile ones ---- */

static void repeat(struct text *out, const char *piece, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        text_append(out, piece);
}

static int read_text(const struct text *body)
{
    AUTO(stow_answer_destroy) struct stow_answer *answer = NULL;
    return stow_answer_read("", text_string(body), body->length, &answer);
}

static const struct hostile_row {
    const char *label, *before, *piece;
    unsigned times;
    const char *after;
} hostile_rows[] = {
    {"deep arrays", "", "[", 100000, ""},
    {"deep objects", "", "{\"00081199\":", 100000, ""},
    {"deep elements", "<NativeDicomModel>", "<Item>", 100000, ""},
    {"deep attributes", "<NativeDicomModel>", "<DicomAttribute tag=\"00081199\">", 100000, ""},
    {"many unnamed failures", "{\"0008119A\":{\"Value\":[{}", ",{}", 30000, "]}}"},
    {"many items", "<NativeDicomModel><DicomAttribute tag=\"0008119A\">", "<Item/>", 30000,
     "</DicomAttribute></NativeDicomModel>"},
    {"a long tag", "<NativeDicomModel><DicomAttribute tag=\"", "0", 1000000, "\"/>"},
    {"bytes of no encoding", "{\"00081199\":\"", "\xff\xfe", 10, "\"}"},
};

/* An empty answer can mean stored; bytes that say nothing never do. */
START_TEST(nul_bytes_are_no_empty_answer)
{
    AUTO(stow_answer_destroy) struct stow_answer *answer = NULL;
    ck_assert_int_eq(stow_answer_read(JSON, "\0\0\0", 3, &answer), ERR_SYNTAX);
    ck_assert_int_eq(stow_answer_read(JSON, " \0", 2, &answer), ERR_SYNTAX);
}
END_TEST

START_TEST(a_hostile_answer_is_refused)
{
    const struct hostile_row *row = &hostile_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    text_append(&body, row->before);
    repeat(&body, row->piece, row->times);
    text_append(&body, row->after);
    int code = read_text(&body);
    ck_assert_msg(code == ERR_SYNTAX || code == ERR_RANGE, "%s: %d", row->label, code);
}
END_TEST

START_TEST(a_long_value_is_cut)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(stow_answer_destroy) struct stow_answer *answer = NULL;
    text_append(
        &body,
        "<NativeDicomModel><DicomAttribute tag=\"00081199\"><Item><DicomAttribute tag=\"00081155\"><Value>");
    repeat(&body, "1", 1000000);
    text_append(&body, "</Value></DicomAttribute></Item></DicomAttribute></NativeDicomModel>");
    ck_assert_int_eq(stow_answer_read("", text_string(&body), body.length, &answer), 0);
    ck_assert_uint_eq(answer->count, 0);
}
END_TEST

/* Every prefix of a good answer is an error or an answer; under the sanitizers this shows what is read too
 * far. */
START_TEST(no_prefix_does_harm)
{
    static const char *const bodies[] = {
        "{" J_SQ("00081198", J_FAILED("1.2.4", "272")) "," J_SQ("00081199", J_STORED("1.2.3")) "}",
        X_ROOT(X_SQ("00081199", X_ITEM(X_VALUE("00081155", "UI", "1.2.3"))))};
    for (size_t i = 0; i < ROWS(bodies); i++) {
        for (size_t length = 1; length < strlen(bodies[i]); length++) {
            AUTO(text_release) struct text body = TEXT_EMPTY;
            text_append_bytes(&body, bodies[i], length);
            ck_assert_int_eq(read_text(&body), ERR_SYNTAX);
        }
    }
}
END_TEST

START_TEST(stored_wins_over_failed)
{
    static const char body[] =
        "{" J_SQ("00081198", J_FAILED("1.2.3", "272")) "," J_SQ("00081199", J_STORED("1.2.3")) "}";
    AUTO(stow_answer_destroy) struct stow_answer *answer = NULL;
    ck_assert_int_eq(stow_answer_read(JSON, body, strlen(body), &answer), 0);
    ck_assert(stow_answer_find(answer, "1.2.3")->stored);
    ck_assert_ptr_null(stow_answer_find(answer, "1.2.33"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("stow_answer");
    tests_rows(tests, an_answer_is_read, ROWS(rows));
    tests_add(tests, nul_bytes_are_no_empty_answer);
    tests_rows(tests, a_hostile_answer_is_refused, ROWS(hostile_rows));
    tests_add(tests, a_long_value_is_cut);
    tests_add(tests, no_prefix_does_harm);
    tests_add(tests, stored_wins_over_failed);
    return tests_run(tests);
}
