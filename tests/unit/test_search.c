/* Numbers that people look for: SHA-256 and HMAC as others compute them, which numbers are the same, and the file of the
 * key. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/search/search_hash.h"
#include "common/search/search_key.h"
#include "common/base/sha256.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static void ck_digest(const char *label, const uint8_t *digest, const char *hex)
{
    char is[2 * SHA256_SIZE + 1];
    for (size_t i = 0; i < SHA256_SIZE; i++)
        (void)snprintf(is + 2 * i, 3, "%02x", digest[i]);
    ck_assert_msg(strcmp(is, hex) == 0, "%s: %s", label, is);
}

/* FIPS 180-4, and what `sha256sum` says of so many letters a. */
static const struct sha_row {
    const char *text;
    size_t letters; /* a, where there is no text */
    const char *hex;
} sha_rows[] = {
    {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 0, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 0,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {NULL, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {NULL, 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {NULL, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
};

START_TEST(digest_is_as_published)
{
    const struct sha_row *row = &sha_rows[_i];
    uint8_t digest[SHA256_SIZE];
    char letters[64];
    memset(letters, 'a', sizeof letters);
    sha256(row->text ? row->text : letters, row->text ? strlen(row->text) : row->letters, digest);
    ck_digest(row->text ? row->text : "letters", digest, row->hex);
}
END_TEST

/* RFC 4231, test cases 1, 2 and 4. */
START_TEST(hmac_is_as_published)
{
    uint8_t digest[SHA256_SIZE], key[25];
    char text[50];
    memset(key, 0x0b, sizeof key);
    sha256_hmac(key, 20, "Hi There", 8, digest);
    ck_digest("case 1", digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    sha256_hmac("Jefe", 4, "what do ya want for nothing?", 28, digest);
    ck_digest("case 2", digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i + 1);
    memset(text, 0xcd, sizeof text);
    sha256_hmac(key, sizeof key, text, sizeof text, digest);
    ck_digest("case 4", digest, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
}
END_TEST

/* ---- which numbers are the same ---- */

static const struct search_key key = {.bytes = {1, 2, 3}};

static const struct same_row {
    const char *label, *a, *b;
    bool same;
} same_rows[] = {
    {"padding", "12345 ", "12345", true},
    {"blanks in front", "  12345", "12345", true},
    {"case", "ab12", "AB12", true},
    {"leading zeros count", "012345", "12345", false},
    {"signs count", "A-12", "A12", false},
    {"a blank within counts", "12 345", "12345", false},
    {"letters beyond ASCII keep their case", "\xC3\x84", "\xC3\xA4", false},
    {"another number", "12345", "12346", false},
};

START_TEST(number_is_normalised)
{
    const struct same_row *row = &same_rows[_i];
    char a[SEARCH_HASH_SIZE], b[SEARCH_HASH_SIZE];
    ck_assert(search_hash(&key, SEARCH_ACCESSION, row->a, strlen(row->a), a));
    ck_assert(search_hash(&key, SEARCH_ACCESSION, row->b, strlen(row->b), b));
    ck_assert_msg((strcmp(a, b) == 0) == row->same, "%s", row->label);
    ck_assert(search_is_hash(a, strlen(a)));
}
END_TEST

START_TEST(hash_depends_on_kind_and_key)
{
    static const struct search_key other = {.bytes = {1, 2, 4}};
    char hashes[4][SEARCH_HASH_SIZE];
    for (int kind = 0; kind < SEARCH_KINDS; kind++)
        ck_assert(search_hash(&key, (enum search_kind)kind, "1", 1, hashes[kind]));
    ck_assert(search_hash(&other, SEARCH_ACCESSION, "1", 1, hashes[3]));
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(hashes[i], hashes[k]);
    ck_assert(!search_hash(&key, SEARCH_PATIENT, " \0 ", 3, hashes[0]));
    ck_assert(!search_is_hash("12ab", 4));
}
END_TEST

START_TEST(issuer_is_written_as_in_hl7)
{
    char typed[SEARCH_HASH_SIZE], read[SEARCH_HASH_SIZE];
    ck_assert(search_hash(&key, SEARCH_PATIENT, "4711^^^North", 12, typed));
    ck_assert(search_hash_issued(&key, "4711 ", 5, "NORTH", 5, read));
    ck_assert_str_eq(typed, read);
    ck_assert(!search_hash_issued(&key, "4711", 4, " ", 1, read));
    ck_assert(!search_hash_issued(&key, "", 0, "NORTH", 5, read));
}
END_TEST

/* ---- the file ---- */

START_TEST(key_is_made_once)
{
    struct search_key made, again;
    struct stat status;
    bool is_made = false;
    const char *folder = sandbox_folder(sandbox), *path = sandbox_path(sandbox, "search.key");
    ck_assert_int_eq(search_key_read(folder, &again), ERR_ABSENT);
    (void)sandbox_write(sandbox, "search.key.part", "what a crash left");
    ck_assert_int_eq(search_key_ensure(folder, &made, &is_made), 0);
    ck_assert(is_made);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(status.st_size, SEARCH_KEY_SIZE);
    ck_assert(!file_exists(sandbox_path(sandbox, "search.key.part")));
    ck_assert_int_eq(search_key_ensure(folder, &again, &is_made), 0);
    ck_assert(!is_made);
    ck_assert_mem_eq(&made, &again, sizeof made);
    ck_assert_int_eq(search_key_read(folder, &again), 0);
    ck_assert_mem_eq(&made, &again, sizeof made);
}
END_TEST

/* It is never written over: hashes made with the right one may come back with a backup of it. */
START_TEST(wrong_key_is_told_and_stays)
{
    struct search_key none;
    bool is_made = true;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *path = sandbox_write(sandbox, "search.key", "too short");
    ck_assert_int_eq(search_key_read(sandbox_folder(sandbox), &none), ERR_SYNTAX);
    ck_assert_int_eq(search_key_ensure(sandbox_folder(sandbox), &none, &is_made), ERR_SYNTAX);
    ck_assert(!is_made);
    file_read(path, &content);
    ck_assert_str_eq(text_string(&content), "too short");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("search");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, digest_is_as_published, ROWS(sha_rows));
    tests_add(tests, hmac_is_as_published);
    tests_rows(tests, number_is_normalised, ROWS(same_rows));
    tests_add(tests, hash_depends_on_kind_and_key);
    tests_add(tests, issuer_is_written_as_in_hl7);
    tests_add(tests, key_is_made_once);
    tests_add(tests, wrong_key_is_told_and_stays);
    return tests_run(tests);
}
