#include "common/config/value.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/config/headers.h"
#include "common/config/url.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { OK = 0, SYNTAX = ERR_SYNTAX, RANGE = ERR_RANGE };

static const struct number_row {
    const char *text;
    int code;
    int64_t value;
} integer_rows[] = {
    {"1", OK, 1},
    {"65535", OK, 65535},
    {"80", OK, 80},
    {"0", RANGE, 0},
    {"65536", RANGE, 0},
    {"5x", SYNTAX, 0},
    {"", SYNTAX, 0},
    {"-1", SYNTAX, 0},
    {"+1", SYNTAX, 0},
    {"0x10", SYNTAX, 0},
    {"010", SYNTAX, 0},
    {"1.0", SYNTAX, 0},
    {"1 ", SYNTAX, 0},
    {" 1", SYNTAX, 0},
    {"1_000", SYNTAX, 0},
    {"1e3", SYNTAX, 0},
    {"9999999999", RANGE, 0},
    {"99999999999999999999", SYNTAX, 0},
    {"\xD9\xA3", SYNTAX, 0} /* an Arabic digit */,
};

START_TEST(integer_is_read)
{
    const struct number_row *row = &integer_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t value = -7;
    ck_assert_msg(config_value_integer(row->text, 1, 65535, &value, &reason) == row->code, "%s", row->text);
    ck_assert_msg(value == (row->code == OK ? row->value : -7), "%s", row->text);
    ck_assert_msg((row->code == OK) == (reason.length == 0), "%s", row->text);
}
END_TEST

static const struct number_row duration_rows[] = {
    {"500ms", OK, 500},      {"5s", OK, 5000},     {"15m", OK, 900000},  {"12h", OK, 43200000},
    {"30d", OK, 2592000000}, {"0s", OK, 0},        {"never", OK, 0},     {"90m", OK, 5400000},
    {"5", SYNTAX, 0},        {"s", SYNTAX, 0},     {"5 s", SYNTAX, 0},   {"5S", SYNTAX, 0},
    {"5min", SYNTAX, 0},     {"5sec", SYNTAX, 0},  {"1h30m", SYNTAX, 0}, {"1.5h", SYNTAX, 0},
    {"-5s", SYNTAX, 0},      {"Never", SYNTAX, 0}, {"101d", RANGE, 0},   {"9223372036854775d", RANGE, 0},
};

START_TEST(duration_is_read)
{
    const struct number_row *row = &duration_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t value = -7;
    int code = config_value_duration(row->text, "never", 0, INT64_C(100) * 86400000, &value, &reason);
    ck_assert_msg(code == row->code, "%s: %s", row->text, text_string(&reason));
    ck_assert_msg(value == (row->code == OK ? row->value : -7), "%s", row->text);
}
END_TEST

static const struct number_row size_rows[] = {
    {"1B", OK, 1},         {"64KiB", OK, 65536}, {"64MiB", OK, 67108864},
    {"1GiB", OK, 1 << 30}, {"0B", RANGE, 0},     {"2TiB", RANGE, 0},
    {"64", SYNTAX, 0},     {"64MB", SYNTAX, 0},  {"64M", SYNTAX, 0},
    {"64 MiB", SYNTAX, 0}, {"64mib", SYNTAX, 0}, {"1.5GiB", SYNTAX, 0},
    {"MiB", SYNTAX, 0},    {"-1MiB", SYNTAX, 0}, {"9223372036854775TiB", RANGE, 0},
};

START_TEST(size_is_read)
{
    const struct number_row *row = &size_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t value = -7;
    int code = config_value_size(row->text, 1, INT64_C(1) << 40, &value, &reason);
    ck_assert_msg(code == row->code, "%s: %s", row->text, text_string(&reason));
    ck_assert_msg(value == (row->code == OK ? row->value : -7), "%s", row->text);
}
END_TEST

/* What is printed reads back as the same. */
START_TEST(quantities_read_back)
{
    static const int64_t values[] = {1, 500, 999, 1000, 1500, 60000, 61000, 3600000, 86400000, 90000000};
    for (size_t i = 0; i < ROWS(values); i++) {
        AUTO(text_release) struct text duration = TEXT_EMPTY;
        AUTO(text_release) struct text size = TEXT_EMPTY;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        int64_t ms = 0, bytes = 0;
        config_value_print_duration(&duration, NULL, values[i]);
        config_value_print_size(&size, values[i]);
        ck_assert_int_eq(config_value_duration(text_string(&duration), NULL, 0, INT64_MAX, &ms, &reason), 0);
        ck_assert_int_eq(config_value_size(text_string(&size), 0, INT64_MAX, &bytes, &reason), 0);
        ck_assert_msg(ms == values[i] && bytes == values[i], "%s %s", text_string(&duration),
                      text_string(&size));
    }
}
END_TEST

typedef int check_function(const char *text, struct text *reason);

static const struct check_row {
    const char *label;
    check_function *check;
    const char *text;
    bool good;
} check_rows[] = {
    {"an AE title", config_value_check_aet, "FELUCCA", true},
    {"16 characters", config_value_check_aet, "ABCDEFGHIJKLMNOP", true},
    {"17 characters", config_value_check_aet, "ABCDEFGHIJKLMNOPQ", false},
    {"a blank inside", config_value_check_aet, "MY PACS", true},
    {"a blank in front", config_value_check_aet, " PACS", false},
    {"a blank behind", config_value_check_aet, "PACS ", false},
    {"a backslash", config_value_check_aet, "A\\B", false},
    {"a tab", config_value_check_aet, "A\tB", false},
    {"not ASCII", config_value_check_aet, "Bärli", false},
    {"empty", config_value_check_aet, "", false},
    {"a name", config_value_check_name, "research-ct", true},
    {"a name in another script", config_value_check_name, "исследование", true},
    {"a name with a slash", config_value_check_name, "a/b", false},
    {"a name with a line break", config_value_check_name, "a\nb", false},
    {"a UID", config_value_check_uid, "1.2.840.10008.5.1.4.1.1.2", true},
    {"an arc 0", config_value_check_uid, "1.0.5", true},
    {"a leading zero", config_value_check_uid, "1.02.5", false},
    {"two dots", config_value_check_uid, "1..5", false},
    {"a dot at the end", config_value_check_uid, "1.5.", false},
    {"a dot in front", config_value_check_uid, ".1.5", false},
    {"a word", config_value_check_uid, "CTImageStorage", false},
    {"65 characters", config_value_check_uid,
     "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25", false},
    {"a CURVE key", config_value_check_key, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", true},
    {"a CURVE key too short", config_value_check_key, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI", false},
    {"an ipc endpoint", config_url_check_endpoint, "ipc:///run/felucca/work.sock", true},
    {"a relative ipc endpoint", config_url_check_endpoint, "ipc://work.sock", false},
    {"107 bytes of path", config_url_check_endpoint,
     "ipc:///23456789_1"
     "23456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_1234567",
     true},
    {"108 bytes of path", config_url_check_endpoint,
     "ipc:///23456789_1"
     "23456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_12345678",
     false},
    {"a tcp endpoint", config_url_check_endpoint, "tcp://router:5570", true},
    {"a tcp endpoint on all addresses", config_url_check_endpoint, "tcp://*:5570", true},
    {"a tcp endpoint with IPv6", config_url_check_endpoint, "tcp://[::1]:5570", true},
    {"a tcp endpoint without port", config_url_check_endpoint, "tcp://router", false},
    {"a tcp endpoint with port 0", config_url_check_endpoint, "tcp://router:0", false},
    {"no endpoint at all", config_url_check_endpoint, "inproc://x", false},
};

START_TEST(text_is_checked)
{
    const struct check_row *row = &check_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg((row->check(row->text, &reason) == 0) == row->good, "%s: %s", row->label,
                  text_string(&reason));
    ck_assert_msg(row->good == (reason.length == 0), "%s: %s", row->label, text_string(&reason));
}
END_TEST

static const struct url_row {
    const char *text, *url, *origin; /* NULL: refused */
    bool exposed;
} url_rows[] = {
    {"https://kheops.example.org/api/studies", "https://kheops.example.org/api/studies",
     "https://kheops.example.org:443", false},
    {"https://K.Example.ORG:8443/api/", "https://K.Example.ORG:8443/api", "https://k.example.org:8443",
     false},
    {"HTTPS://k/", "HTTPS://k", "https://k:443", false},
    {"https://k", "https://k", "https://k:443", false},
    {"https://k:00443/x", "https://k:00443/x", "https://k:443", false},
    {"http://k:80/x", "http://k:80/x", "http://k:80", true},
    {"http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", "http://127.0.0.1:8080", false},
    {"http://localhost/x", "http://localhost/x", "http://localhost:80", false},
    {"http://[::1]:8080/x", "http://[::1]:8080/x", "http://[::1]:8080", false},
    {"http://[2001:DB8::1]/x", "http://[2001:DB8::1]/x", "http://[2001:db8::1]:80", true},
    {"http://127.example.org/x", "http://127.example.org/x", "http://127.example.org:80", true},
    {"https://k/a%20b", "https://k/a%20b", "https://k:443", false},
    {"ftp://k/x", NULL, NULL, false},
    {"kheops.example.org/api", NULL, NULL, false},
    {"https:///x", NULL, NULL, false},
    {"https://", NULL, NULL, false},
    {"https://user:pass@k/x", NULL, NULL, false},
    {"https://token@k/x", NULL, NULL, false},
    {"https://k/x?token=1", NULL, NULL, false},
    {"https://k/x#y", NULL, NULL, false},
    {"https://k:0/x", NULL, NULL, false},
    {"https://k:65536/x", NULL, NULL, false},
    {"https://k:/x", NULL, NULL, false},
    {"https://k:8x/x", NULL, NULL, false},
    {"https://k/a b", NULL, NULL, false},
    {"https://k/a\nb", NULL, NULL, false},
    {"https://k\xC3\xBC/x", NULL, NULL, false},
    {"https://[::1/x", NULL, NULL, false},
    {"https://[nonsense]/x", NULL, NULL, false},
    {"https://[::1]x/x", NULL, NULL, false},
    {"https://-k/x", NULL, NULL, false},
};

START_TEST(url_is_read)
{
    const struct url_row *row = &url_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    char *url = NULL;
    int code = config_url_parse(row->text, &url, &reason);
    ck_assert_msg((code == 0) == (row->url != NULL), "%s: %s", row->text, text_string(&reason));
    if (row->url) {
        char *origin = config_url_origin(url);
        ck_assert_str_eq(url, row->url);
        ck_assert_str_eq(origin, row->origin);
        ck_assert_msg(config_url_is_exposed(url) == row->exposed, "%s", row->text);
        free(origin);
    }
    free(url);
}
END_TEST

static const struct header_row {
    const char *label, *text, *headers; /* "name=value|", NULL: refused */
    const char *reason;
} header_rows[] = {
    {"a line", "Authorization: Bearer abc", "Authorization=Bearer abc|", ""},
    {"lines", "Authorization: Bearer abc\nX-Site: north\n", "Authorization=Bearer abc|X-Site=north|", ""},
    {"blank lines and blanks", "\n  X-A :  1 \r\n\n\tX-B:2\r\n", "X-A=1|X-B=2|", ""},
    {"a colon in the value", "X-A: a:b", "X-A=a:b|", ""},
    {"a template", "Authorization: Bearer ${file:/run/secrets/x}",
     "Authorization=Bearer ${file:/run/secrets/x}|", ""},
    {"KARNAK's form", "<key>Authorization</key>\n<value>Bearer abc</value>", "Authorization=Bearer abc|", ""},
    {"KARNAK's form on one line", "<key>A</key><value>1</value><key>B</key><value>2</value>", "A=1|B=2|", ""},
    {"KARNAK's form with blanks", " <key> A </key> <value>\n 1 \n</value> ", "A=1|", ""},
    {"entities", "<key>A</key><value>&lt;a&gt; &amp;amp; &quot;&apos;</value>", "A=<a> &amp; \"'|", ""},
    {"no entities in lines", "A: &amp;", "A=&amp;|", ""},
    {"a value that looks like an element", "X: <key>", "X=<key>|", ""},
    {"a line without colon", "Bearer abc", NULL, "each line must be"},
    {"a template without name", "Bearer ${env:X}", NULL, "each line must be"},
    {"no name", ": x", NULL, "a header's name"},
    {"a name with a blank", "My Header: x", NULL, "a header's name"},
    {"no value", "X-A:", NULL, "X-A has no value"},
    {"a key without value", "<key>A</key>", NULL, "must follow"},
    {"a value without key", "<value>A</value>", NULL, "must follow"},
    {"an element not closed", "<key>A</key><value>x", NULL, "must follow"},
    {"text behind", "<key>A</key><value>x</value>y", NULL, "nothing else"},
    {"a line break in a value", "<key>A</key><value>x\ny</value>", NULL, "line break"},
    {"twice", "A: 1\na: 2", NULL, "twice"},
    {"Content-Type", "content-type: text/plain", NULL, "Content-Type cannot be set"},
    {"Content-Length", "Content-Length: 1", NULL, "Content-Length cannot be set"},
    {"Host", "Host: x", NULL, "Host cannot be set"},
    {"FrontEnd", "FrontEnd: x", NULL, "FrontEnd cannot be set"},
    {"a bad template", "A: ${x}", NULL, "${env:NAME}"},
    {"nothing", " \n ", NULL, "is empty"},
};

START_TEST(headers_are_read)
{
    const struct header_row *row = &header_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    struct config_header *headers = NULL;
    size_t count = 0;
    int code = config_headers_parse(row->text, &headers, &count, &reason);
    ck_assert_msg((code == 0) == (row->headers != NULL), "%s: %s", row->label, text_string(&reason));
    for (size_t i = 0; i < count; i++)
        text_format(&seen, "%s=%s|", headers[i].name, headers[i].value);
    ck_assert_msg(strcmp(text_string(&seen), row->headers ? row->headers : "") == 0, "%s: %s", row->label,
                  text_string(&seen));
    ck_assert_msg(strstr(text_string(&reason), row->reason), "%s: %s", row->label, text_string(&reason));
    config_headers_release(&headers, count);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("config_value");
    tests_rows(tests, integer_is_read, ROWS(integer_rows));
    tests_rows(tests, duration_is_read, ROWS(duration_rows));
    tests_rows(tests, size_is_read, ROWS(size_rows));
    tests_add(tests, quantities_read_back);
    tests_rows(tests, text_is_checked, ROWS(check_rows));
    tests_rows(tests, url_is_read, ROWS(url_rows));
    tests_rows(tests, headers_are_read, ROWS(header_rows));
    return tests_run(tests);
}
