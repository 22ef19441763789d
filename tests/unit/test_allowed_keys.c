#include "common/config/allowed_keys.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define A    "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define B    "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define HASH "#q:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct row {
    const char *label, *content;
    size_t length;                     /* 0: as long as the string */
    size_t count;                      /* of keys */
    const char *name_of_a, *name_of_b; /* NULL: not allowed */
    const char *errors;                /* "" when it is good; PATH: left out */
} rows[] = {
    {"nothing", "", 0, 0, NULL, NULL, ""},
    {"one key", A "\n", 0, 1, "", NULL, ""},
    {"no line's end", A, 0, 1, "", NULL, ""},
    {"a name", A " ward 3\n", 0, 1, "ward 3", NULL, ""},
    {"blanks everywhere", "\t " A " \t ward-3 \t\n\n   \n", 0, 1, "ward-3", NULL, ""},
    {"Windows lines", A " a\r\n\r\n" B "\r\n", 0, 2, "a", "", ""},
    {"comments", "# the receivers\n#\n#" A "\n  # " A "\n" B "\n", 0, 1, NULL, "", ""},
    {"two", A " a\n" B " b\n", 0, 2, "a", "b", ""},
    {"a name that looks like a key", A " " B "\n", 0, 1, B, NULL, ""},
    {"too short", "abc\n", 0, 0, NULL, NULL, ":1: does not begin with a public key;"},
    {"too long", A "x\n", 0, 0, NULL, NULL, ":1: does not begin with a public key;"},
    {"letters that no key has", "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI\"\n", 0, 0, NULL, NULL,
     ":1: does not begin with a public key;"},
    {"a name first", "ward-3 " A "\n", 0, 0, NULL, NULL, ":1: does not begin with a public key;"},
    {"as felucca keys prints it", "public " A "\n", 0, 0, NULL, NULL,
     ":1: begins with the word \"public\"; leave it out"},
    {"a secret key", "secret " A "\n", 0, 0, NULL, NULL,
     ":1: begins with the word \"secret\"; the list has public keys only"},
    {"a key or a comment", HASH "\n", 0, 0, NULL, NULL, ":1: may be a comment or a key;"},
    {"the same twice", A "\n\n" A " again\n", 0, 0, NULL, NULL, ":3: is the key of line 1 once more;"},
    {"all bad lines are told", "x\n" A "\ny\n", 0, 0, NULL, NULL, ":3: does not begin"},
    {"a NUL byte", A "\n\0\n", 43, 0, NULL, NULL, ":2: holds a NUL byte;"},
};

START_TEST(file_is_read)
{
    const struct row *row = &rows[_i];
    AUTO(allowed_keys_destroy) struct allowed_keys *keys = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "keys");
    file_write(path, row->content, row->length ? row->length : strlen(row->content));
    int code = allowed_keys_load(path, &keys, &errors);
    ck_assert_msg(code == (*row->errors ? ERR_CONFIG : 0), "%s: %d %s", row->label, code,
                  text_string(&errors));
    ck_assert_msg(strstr(text_string(&errors), row->errors), "%s: %s", row->label, text_string(&errors));
    if (code != 0) {
        ck_assert_msg(string_starts_with(text_string(&errors), path), "%s: %s", row->label,
                      text_string(&errors));
        ck_assert_msg(!strstr(text_string(&errors), "w-vo<"), "%s: a key is shown", row->label);
        ck_assert_ptr_null(keys);
        return;
    }
    ck_assert_uint_eq(allowed_keys_count(keys), row->count);
    const char *of_a = allowed_keys_name(keys, A), *of_b = allowed_keys_name(keys, B);
    ck_assert_msg(!of_a == !row->name_of_a && (!of_a || strcmp(of_a, row->name_of_a) == 0), "%s: a",
                  row->label);
    ck_assert_msg(!of_b == !row->name_of_b && (!of_b || strcmp(of_b, row->name_of_b) == 0), "%s: b",
                  row->label);
    ck_assert_ptr_null(allowed_keys_name(keys, ""));
}
END_TEST

START_TEST(what_is_no_file_is_told)
{
    static const char *const names[] = {"nowhere", "folder"};
    sandbox_make_folder(sandbox, "folder");
    for (size_t i = 0; i < 2; i++) {
        struct allowed_keys *keys = NULL;
        AUTO(text_release) struct text errors = TEXT_EMPTY;
        ck_assert_int_eq(allowed_keys_load(sandbox_path(sandbox, "%s", names[i]), &keys, &errors),
                         ERR_CONFIG);
        ck_assert_msg(strstr(text_string(&errors), "cannot be read: "), "%s", text_string(&errors));
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("allowed_keys");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, file_is_read, ROWS(rows));
    tests_add(tests, what_is_no_file_is_told);
    return tests_run(tests);
}
