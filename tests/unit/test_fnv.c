/* FNV-1a: what its authors say of some texts, so that what is stored stays what it was. */
#include "common/base/fnv.h"

#include "tests/support/suite.h"

static const struct fnv_row {
    const char *text;
    uint64_t hash;
} rows[] = {
    {"", UINT64_C(0xcbf29ce484222325)},
    {"a", UINT64_C(0xaf63dc4c8601ec8c)},
    {"foobar", UINT64_C(0x85944171f73967e8)},
    {"\xff", UINT64_C(0xaf64724c8602eb6e)},
};

START_TEST(texts_have_their_hash)
{
    ck_assert_uint_eq(fnv_text(FNV_START, rows[_i].text), rows[_i].hash);
}
END_TEST

START_TEST(parts_follow_each_other)
{
    ck_assert_uint_eq(fnv_text(fnv_text(FNV_START, "foo"), "bar"), fnv_text(FNV_START, "foobar"));
    ck_assert_uint_eq(fnv_byte(FNV_START, 'a'), fnv_text(FNV_START, "a"));
    ck_assert_uint_ne(fnv_text(fnv_byte(fnv_text(FNV_START, "a"), 0), "b"),
                      fnv_text(fnv_byte(fnv_text(FNV_START, "ab"), 0), ""));
    ck_assert_uint_eq(fnv_number(FNV_START, 0x0807060504030201),
                      fnv_text(FNV_START, "\x01\x02\x03\x04\x05\x06\x07\x08"));
    ck_assert_uint_ne(fnv_number(FNV_START, -1), fnv_number(FNV_START, 0));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fnv");
    tests_rows(tests, texts_have_their_hash, ROWS(rows));
    tests_add(tests, parts_follow_each_other);
    return tests_run(tests);
}
