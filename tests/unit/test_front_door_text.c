/* What `felucca front-door` takes and writes. */
#include "cli/front_door.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct front_door_cell cells[] = {{"n1", "10.0.0.1", "11112"}, {"n2", "10.0.0.2", "104"}};
static const struct front_door_route routes[] = {{"RESEARCH", "n2"}, {"BOTH", "n2,n1"}};

static struct front_door make_door(void)
{
    return (struct front_door){.cells = cells,
                               .cell_count = ROWS(cells),
                               .routes = routes,
                               .route_count = ROWS(routes),
                               .bind = "*:11112",
                               .called = "FELUCCA",
                               .calling = "HAPROXY"};
}

static void ck_has(const struct text *text, const char *part, bool has)
{
    ck_assert_msg((strstr(text_string(text), part) != NULL) == has, "%s:\n%s", part, text_string(text));
}

START_TEST(the_check_is_a_whole_request)
{
    AUTO(text_release) struct text hex = TEXT_EMPTY;
    const struct front_door door = make_door();
    front_door_append_request(&door, &hex);
    /* PDU type, length, protocol version, both titles */
    ck_assert(string_starts_with(text_string(&hex), "0100000000bd00010000"
                                                    "46454c55434341202020202020202020"
                                                    "484150524f5859202020202020202020"));
    ck_assert_uint_eq(hex.length, 2 * (6 + 0xbd));
}
END_TEST

static const struct text_row {
    const char *label;
    bool proxy, ready;
    const char *part;
    bool has;
} text_rows[] = {
    {"a server", false, false, "server n1 10.0.0.1:11112 check\n", true},
    {"it is told addresses", true, false, "server n1 10.0.0.1:11112 check send-proxy-v2\n", true},
    {"so are checks", true, false, "tcp-check connect send-proxy\n", true},
    {"checks without", false, false, "tcp-check connect\n", true},
    {"at the readiness page", true, true, "server n2 10.0.0.2:104 check port 9400 send-proxy-v2\n", true},
    {"which is of the whole cell", false, true, "GET /readyz/cell", true},
    {"no association then", false, true, "tcp-check", false},
    {"a route", false, false, "use_backend called-1 if { var(txn.called) -m str \"RESEARCH        \" }\n",
     true},
    {"its cell alone", false, false, "\nbackend called-2\n", true},
    {"sticky", false, false, "balance hash var(txn.calling)\n    hash-type consistent\n", true},
};

START_TEST(what_is_asked_for_is_written)
{
    const struct text_row *row = &text_rows[_i];
    AUTO(text_release) struct text out = TEXT_EMPTY;
    struct front_door door = make_door();
    door.proxy = row->proxy;
    door.ready_port = row->ready ? "9400" : NULL;
    front_door_append(&door, &out);
    ck_has(&out, row->part, row->has);
}
END_TEST

START_TEST(a_route_has_its_cells_in_order)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    struct front_door door = make_door();
    front_door_append(&door, &out);
    const char *first = strstr(text_string(&out), "\nbackend called-1\n"),
               *second = strstr(text_string(&out), "\nbackend called-2\n");
    ck_assert(first && second && first < second);
    const char *in_first = strstr(first, "server n1");
    ck_assert(in_first > second); /* not in the first route */
    ck_assert(strstr(second, "server n2") < in_first);
}
END_TEST

START_TEST(a_cell_that_nobody_has_is_found)
{
    static const struct front_door_route wrong[] = {{"RESEARCH", "n2,n3"}};
    struct front_door door = make_door();
    ck_assert_ptr_null(front_door_unknown(&door));
    door.routes = wrong;
    door.route_count = 1;
    ck_assert_str_eq(front_door_unknown(&door), "n3");
}
END_TEST

static const struct place_row {
    const char *text, *host, *port; /* host NULL: it is none */
} place_rows[] = {
    {"10.0.0.1:11112", "10.0.0.1", "11112"},
    {"*:104", "*", "104"},
    {"[::1]:104", "[::1]", "104"},
    {"cell-1.example.org:1", "cell-1.example.org", "1"},
    {"10.0.0.1", NULL, NULL},
    {":104", NULL, NULL},
    {"a b:104", NULL, NULL},
    {"a\nb:104", NULL, NULL},
    {"a:104x", NULL, NULL},
    {"a:", NULL, NULL},
    {"a:123456", NULL, NULL},
};

START_TEST(a_place_is_a_host_and_a_port)
{
    const struct place_row *row = &place_rows[_i];
    AUTO(memory_free) char *text = memory_string(row->text);
    const char *host = "", *port = "";
    ck_assert_msg(front_door_split(text, &host, &port) == (row->host != NULL), "%s", row->text);
    ck_assert(!row->host || (strcmp(host, row->host) == 0 && strcmp(port, row->port) == 0));
}
END_TEST

static const struct word_row {
    const char *text;
    bool name, title;
} word_rows[] = {
    {"n1", true, true},
    {"cell-1.a_b", true, true},
    {"", false, false},
    {"a b", false, true},
    {"a;b", false, true},
    {"                ", false, false},
    {"SEVENTEEN-LETTERS", true, false},
    {"a\"b", false, false},
    {"a\\b", false, false},
    {"a\nb", false, false},
};

START_TEST(words_are_checked)
{
    const struct word_row *row = &word_rows[_i];
    ck_assert_msg(front_door_is_name(row->text) == row->name, "name: %s", row->text);
    ck_assert_msg(front_door_is_title(row->text) == row->title, "title: %s", row->text);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("front_door");
    tests_add(tests, the_check_is_a_whole_request);
    tests_rows(tests, what_is_asked_for_is_written, ROWS(text_rows));
    tests_add(tests, a_route_has_its_cells_in_order);
    tests_add(tests, a_cell_that_nobody_has_is_found);
    tests_rows(tests, a_place_is_a_host_and_a_port, ROWS(place_rows));
    tests_rows(tests, words_are_checked, ROWS(word_rows));
    return tests_run(tests);
}
