/* Files that nobody would write: each is answered soon, with an error or a configuration, never a crash. */
#include "common/config/config.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/effort.h"
#include "tests/support/files.h"
#include "tests/support/loading.h"
#include "tests/support/suite.h"

#include <string.h>

enum { SOON_MS = 10000 };

static void repeat(struct text *out, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        text_append(out, piece);
}

static void deep_flow(struct text *out)
{
    text_append(out, "nodes: ");
    repeat(out, "[", 100000);
}

static void deep_blocks(struct text *out)
{
    text_append(out, "nodes:\n");
    for (int i = 1; i < 500; i++) {
        for (int j = 0; j < i; j++)
            text_append_char(out, ' ');
        text_append(out, "-\n");
    }
}

static void deep_flow_mappings(struct text *out)
{
    repeat(out, "{a: ", 100000);
}

static void wide_list(struct text *out)
{
    text_append(out, "nodes: [");
    repeat(out, "a,", 1000000);
    text_append(out, "]\n");
}

static void many_keys(struct text *out)
{
    for (int i = 0; i < 100000; i++)
        text_format(out, "key%d: 1\n", i);
}

static void one_key_again_and_again(struct text *out)
{
    repeat(out, "retention: 0s\n", 100000);
}

static void too_large(struct text *out)
{
    text_append(out, "nodes: []\n");
    repeat(out, "# 0123456789012345678901234567890123456789012345678901234567890\n", 70000);
}

static void one_long_line(struct text *out)
{
    text_append(out, "state_dir: /");
    repeat(out, "0123456789", 100000);
    text_append(out, "\nnodes: []\n");
}

static void long_condition(struct text *out)
{
    text_append(out,
                "nodes: [{ aet: A, destinations: [{ name: a, stow_url: 'https://k/studies', condition: '");
    repeat(out, "true || ", 20000);
    text_append(out, "true' }] }]\n");
}

static void long_key(struct text *out)
{
    repeat(out, "x", 900);
    text_append(out, ": 1\nnodes: []\n");
}

static void many_anchors(struct text *out)
{
    text_append(out, "nodes: &a [&b [&c [x]]]\n");
}

static void laughs(struct text *out)
{
    text_append(out, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'j'; c++)
        text_format(out, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1, c - 1,
                    c - 1, c - 1, c - 1, c - 1, c - 1);
}

static void many_same_names(struct text *out)
{
    text_append(out, "nodes:\n");
    repeat(out, "  - { aet: A, destinations: [] }\n", 30000);
}

static void many_destinations(struct text *out)
{
    text_append(out, "nodes:\n  - aet: A\n    destinations:\n");
    for (int i = 0; i < 20000; i++)
        text_format(
            out, "      - { name: d%d, stow_url: 'http://k/studies', headers: 'Authorization: Bearer %d' }\n",
            i, i);
}

static void question_marks(struct text *out)
{
    repeat(out, "? ", 50000);
}

static void tabs(struct text *out)
{
    text_append(out, "nodes:\n\t- aet: A\n");
}

static const struct row {
    const char *label;
    void (*write)(struct text *out);
    const char *part; /* of the errors; NULL: it loads */
} rows[] = {
    {"lists in lists", deep_flow, "nested too deeply"},
    {"lists in lists by indentation", deep_blocks, "nested too deeply"},
    {"mappings in mappings", deep_flow_mappings, "nested too deeply"},
    {"a million items", wide_list, "too many values"},
    {"a hundred thousand unknown keys", many_keys, "and 99901 more errors, not shown"},
    {"one key a hundred thousand times", one_key_again_and_again, "and 99900 more errors, not shown"},
    {"more than 4 MiB", too_large, "the file is larger than 4 MiB"},
    {"a line of a megabyte", one_long_line, "is too long: a socket's path has at most 107 bytes"},
    {"a condition of 160 KiB", long_condition, "condition: "},
    {"a key of 900 bytes", long_key, "there is no key \"xxxxxxxxxx"},
    {"anchors", many_anchors, "anchors (&) are not used here"},
    {"aliases that grow", laughs, "anchors (&) are not used here"},
    {"one name 30,000 times", many_same_names, "and 29899 more errors, not shown"},
    {"20,000 destinations with two warnings each", many_destinations, NULL},
    {"question marks", question_marks, "felucca.yaml:"},
    {"tabs", tabs, "indent with blanks, not tabs"},
};

START_TEST(file_is_answered_soon)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    struct loading loading;
    row->write(&yaml);
    int64_t begin = effort_ms();
    loading_start_bytes(&loading, text_string(&yaml), yaml.length);
    int64_t took = effort_ms() - begin;
    ck_assert_msg((loading.code == 0) == (row->part == NULL), "%s: %d", row->label, loading.code);
    ck_assert_msg(!row->part || strstr(text_string(&loading.errors), row->part), "%s: %.1000s", row->label,
                  text_string(&loading.errors));
    ck_assert_msg(took < SOON_MS, "%s: %lld ms", row->label, (long long)took);
    ck_assert_msg(loading.errors.length + loading.warnings.length < 100000, "%s: %zu bytes of errors",
                  row->label, loading.errors.length);
    loading_end(&loading);
}
END_TEST

static const struct byte_row {
    const char *label, *bytes;
    size_t length;
    const char *error; /* NULL: it loads */
} byte_rows[] = {
#define BYTES(text) text, sizeof text - 1
    {"a NUL byte", BYTES("nodes: []\n# \0x\n"), "felucca.yaml:2:3: the byte 0x00 is a control character;"},
    {"a NUL byte in a quoted text", BYTES("state_dir: \"/a\\0b\"\nnodes: []\n"),
     "felucca.yaml:1:12: a value cannot hold a NUL character\n"},
    {"an escape character", BYTES("nodes: []\n# \x1b[31m\n"),
     "felucca.yaml:2:3: the byte 0x1b is a control character;"},
    {"a DEL", BYTES("nodes: [] # \x7f\n"), "felucca.yaml:1:13: the byte 0x7f is a control character;"},
    {"Latin-1", BYTES("# Z\xFCrich\nnodes: []\n"), "felucca.yaml:1:4: the byte 0xfc is not UTF-8;"},
    {"half a character", BYTES("nodes: [] # \xC3"), "felucca.yaml:1:13: the byte 0xc3 is not UTF-8;"},
    {"an overlong slash", BYTES("nodes: [] # \xC0\xAF"), "felucca.yaml:1:13: the byte 0xc0 is not UTF-8;"},
    {"an overlong character of three bytes", BYTES("nodes: [] # \xE0\x80\xAF"),
     "felucca.yaml:1:13: the byte 0xe0 is not UTF-8;"},
    {"a surrogate", BYTES("nodes: [] # \xED\xA0\x80"), "felucca.yaml:1:13: the byte 0xed is not UTF-8;"},
    {"beyond Unicode", BYTES("nodes: [] # \xF4\x90\x80\x80"),
     "felucca.yaml:1:13: the byte 0xf4 is not UTF-8;"},
    {"UTF-16", BYTES("\xFF\xFEn\0o\0"), "felucca.yaml:1:1: the byte 0xff is not UTF-8;"},
    {"a byte order mark", BYTES("\xEF\xBB\xBFnodes: []\n"), NULL},
    {"Windows line ends", BYTES("state_dir: /x\r\nnodes: []\r\n"), NULL},
    {"no line's end at the end", BYTES("nodes: []"), NULL},
    {"a document's start and end", BYTES("---\nnodes: []\n...\n"), NULL},
    {"a YAML version", BYTES("%YAML 1.1\n---\nnodes: []\n"), NULL},
    {"characters of four bytes", BYTES("# \xF0\x9F\x9B\xB6\nnodes: []\n"), NULL},
    {"two documents", BYTES("nodes: []\n---\nnodes: []\n"),
     "felucca.yaml:2:1: a second document (---) begins; the file is one document\n"},
    {"an alias to nothing", BYTES("nodes: *x\n"), "felucca.yaml:1:8: aliases (*) are not used here;"},
    {"a quote that is not closed", BYTES("nodes: []\nstate_dir: \"/x\n\n"),
     "felucca.yaml:2:12: not YAML: found unexpected end of stream while scanning a quoted scalar; "
     "a quote or bracket is not closed\n"},
    {"a list that is not closed", BYTES("nodes: [\n"), "felucca.yaml:2:1: not YAML: "},
    {"a colon in a text", BYTES("state_dir: a: b\nnodes: []\n"),
     "felucca.yaml:1:13: not YAML: mapping values are not allowed in this context; "
     "quote a text that holds a colon and a blank\n"},
    {"bad indentation", BYTES("receiver:\n  port: 1\n bind: ::\nnodes: []\n"),
     "felucca.yaml:3:2: not YAML: "},
    {"a list as a key", BYTES("? [a]\n: b\n"),
     "felucca.yaml:1:3: a key must be a word, not a list or a mapping\n"},
    {"a mapping as a key", BYTES("{ {a: b}: c }\n"), "felucca.yaml:1:3: a key must be a word"},
    {"a reserved character", BYTES("state_dir: @x\nnodes: []\n"),
     "felucca.yaml:1:12: not YAML: "
     "found character that cannot start any token while scanning for the next token;"},
};

START_TEST(bytes_are_checked)
{
    const struct byte_row *row = &byte_rows[_i];
    struct loading loading;
    loading_start_bytes(&loading, row->bytes, row->length);
    ck_assert_msg((loading.code == 0) == (row->error == NULL), "%s: %s", row->label,
                  text_string(&loading.errors));
    ck_assert_msg(!row->error || string_starts_with(text_string(&loading.errors), row->error), "%s: %s",
                  row->label, text_string(&loading.errors));
    loading_end(&loading);
}
END_TEST

/* The example, cut off anywhere, and with any one byte changed: an error or a configuration. */
START_TEST(example_with_damage)
{
    enum { STEP = 97 };
    AUTO(text_release) struct text example = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/felucca.example.yaml", &example);
    static const char damage[] = {'\0', '\n', '\t', '"', '{', '!', '&', ':', (char)0xC3, '-'};
    for (size_t at = (size_t)_i; at < example.length; at += STEP) {
        struct loading loading;
        loading_start_bytes(&loading, example.bytes, at);
        ck_assert((loading.code == 0) == (loading.config != NULL));
        ck_assert((loading.code == 0) == (loading.errors.length == 0));
        loading_end(&loading);
        char saved = example.bytes[at];
        example.bytes[at] = damage[at % sizeof damage];
        loading_start_bytes(&loading, example.bytes, example.length);
        ck_assert((loading.code == 0) == (loading.config != NULL));
        ck_assert((loading.code == 0) == (loading.errors.length == 0));
        loading_end(&loading);
        example.bytes[at] = saved;
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("config_hostile");
    tests_rows(tests, file_is_answered_soon, ROWS(rows));
    tests_rows(tests, bytes_are_checked, ROWS(byte_rows));
    tests_rows(tests, example_with_damage, 10);
    return tests_run(tests);
}
