#include "common/base/sha256.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/suite.h"

#include <string.h>

/* RFC 4231, test cases 1, 2, 6 and 7. */
static const struct row {
    const char *key;
    size_t key_length;
    const char *data, *digest;
} rows[] = {
    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20, "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", 4, "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {NULL, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {NULL, 131,
     "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
     "hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

START_TEST(a_text_is_signed)
{
    const struct row *row = &rows[_i];
    uint8_t digest[SHA256_SIZE];
    char long_key[131];
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    memset(long_key, 0xaa, sizeof long_key);
    sha256_hmac(row->key ? row->key : long_key, row->key_length, row->data, strlen(row->data), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        text_format(&shown, "%02x", digest[i]);
    ck_assert_str_eq(text_string(&shown), row->digest);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sha256");
    tests_rows(tests, a_text_is_signed, ROWS(rows));
    return tests_run(tests);
}
