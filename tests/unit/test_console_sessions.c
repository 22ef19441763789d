/* Sessions, tries, and what is in headers. */
#include "common/base/cleanup.h"
#include "console/header.h"
#include "console/sessions.h"
#include "console/tries.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000000 };

static const uint8_t seal[32] = {1, 2, 3};
static struct sessions *sessions;
static struct tries *tries;

static void set_up(void)
{
    sessions = sessions_create();
    tries = tries_create();
}

static void tear_down(void)
{
    sessions_destroy(&sessions);
    tries_destroy(&tries);
}

/* ---- sessions ---- */

static const char *name_of(const char *cookie, int64_t now, bool is_used)
{
    const uint8_t *found;
    const char *name = sessions_find(sessions, cookie, now, is_used, &found);
    ck_assert(!name || memcmp(found, seal, sizeof seal) == 0);
    return name;
}

START_TEST(session_begins_and_ends)
{
    char cookie[SESSION_COOKIE_SIZE], other[SESSION_COOKIE_SIZE];
    ck_assert_int_eq(sessions_open(sessions, "ada", seal, NOW, cookie), 0);
    ck_assert_int_eq(sessions_open(sessions, "bob", seal, NOW, other), 0);
    ck_assert_str_ne(cookie, other);
    ck_assert_str_eq(name_of(cookie, NOW, true), "ada");
    ck_assert_str_eq(name_of(other, NOW, true), "bob");
    ck_assert_ptr_null(name_of("", NOW, true));
    cookie[0] = cookie[0] == 'a' ? 'b' : 'a';
    ck_assert_ptr_null(name_of(cookie, NOW, true));
    sessions_close(sessions, other);
    ck_assert_ptr_null(name_of(other, NOW, true));
    ck_assert_uint_eq(sessions_count(sessions), 1);
}
END_TEST

/* A page that renews itself keeps no session. */
START_TEST(idle_session_ends)
{
    char cookie[SESSION_COOKIE_SIZE];
    int64_t now = NOW;
    ck_assert_int_eq(sessions_open(sessions, "ada", seal, now, cookie), 0);
    now += SESSION_IDLE_MS - 1;
    ck_assert_ptr_nonnull(name_of(cookie, now, false));
    ck_assert_ptr_nonnull(name_of(cookie, now, true));
    now += SESSION_IDLE_MS - 1;
    ck_assert_ptr_nonnull(name_of(cookie, now, false));
    ck_assert_ptr_null(name_of(cookie, now + 1, false));
    ck_assert_ptr_null(name_of(cookie, now, true)); /* for good */
}
END_TEST

START_TEST(long_session_ends)
{
    char cookie[SESSION_COOKIE_SIZE];
    ck_assert_int_eq(sessions_open(sessions, "ada", seal, NOW, cookie), 0);
    for (int64_t at = 0; at < SESSION_LIFE_MS; at += SESSION_IDLE_MS / 2)
        ck_assert_ptr_nonnull(name_of(cookie, NOW + at, true));
    ck_assert_ptr_null(name_of(cookie, NOW + SESSION_LIFE_MS, true));
}
END_TEST

START_TEST(sessions_are_bounded)
{
    char first[SESSION_COOKIE_SIZE], mine[SESSION_COOKIE_SIZE], name[16];
    ck_assert_int_eq(sessions_open(sessions, "first", seal, NOW, first), 0);
    for (int i = 0; i < SESSIONS_OF_ONE; i++)
        ck_assert_int_eq(sessions_open(sessions, "bob", seal, NOW + 1 + i, mine), 0);
    ck_assert_uint_eq(sessions_count(sessions), 1 + SESSIONS_OF_ONE);
    ck_assert_int_eq(sessions_open(sessions, "bob", seal, NOW + 100, mine), 0);
    ck_assert_uint_eq(sessions_count(sessions), 1 + SESSIONS_OF_ONE);
    ck_assert_ptr_nonnull(name_of(first, NOW + 1, false)); /* his own go first */
    for (int i = 0; i < 2 * SESSIONS_MOST; i++) {
        (void)snprintf(name, sizeof name, "user%d", i);
        ck_assert_int_eq(sessions_open(sessions, name, seal, NOW + 200 + i, mine), 0);
    }
    ck_assert_uint_eq(sessions_count(sessions), SESSIONS_MOST);
    ck_assert_ptr_nonnull(name_of(mine, NOW + 1000, false));
    ck_assert_ptr_null(name_of(first, NOW + 1000, false));
}
END_TEST

/* ---- tries ---- */

static const unsigned char here[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1},
                           there[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2},
                           six[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1, 1},
                           near_six[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9},
                           far_six[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, 1, 1};

START_TEST(address_waits)
{
    char name[16];
    for (int i = 0; i < TRIES_MOST; i++) {
        (void)snprintf(name, sizeof name, "user%d", i);
        ck_assert_int_eq(tries_wait_ms(tries, here, "ada", NOW + i), 0);
        tries_add(tries, here, name, NOW + i);
    }
    ck_assert_int_eq(tries_wait_ms(tries, here, "ada", NOW + 10), TRIES_MS - 10);
    ck_assert_int_eq(tries_wait_ms(tries, there, "ada", NOW + 10), 0);
    ck_assert_int_eq(tries_wait_ms(tries, here, "ada", NOW + TRIES_MS), 0);
}
END_TEST

START_TEST(name_waits)
{
    unsigned char address[16];
    memcpy(address, here, sizeof address);
    for (int i = 0; i < TRIES_MOST; i++) {
        address[15] = (unsigned char)(10 + i);
        tries_add(tries, address, "ada", NOW);
    }
    ck_assert_int_gt(tries_wait_ms(tries, there, "ada", NOW + 1), 0);
    ck_assert_int_eq(tries_wait_ms(tries, there, "bob", NOW + 1), 0);
}
END_TEST

START_TEST(network_of_version_6_is_one)
{
    for (int i = 0; i < TRIES_MOST; i++)
        tries_add(tries, six, i % 2 ? "a" : "b", NOW);
    ck_assert_int_gt(tries_wait_ms(tries, near_six, "ada", NOW), 0);
    ck_assert_int_eq(tries_wait_ms(tries, far_six, "ada", NOW), 0);
}
END_TEST

/* ---- headers ---- */

#define COOKIE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct cookie_row {
    const char *label, *header;
    bool found;
} cookie_rows[] = {
    {"alone", "felucca=" COOKIE, true},
    {"among others", "a=b; felucca=" COOKIE "; c=\"d\"", true},
    {"without blanks", "a=b;felucca=" COOKIE ";c", true},
    {"another's that ends so", "xfelucca=" COOKIE, false},
    {"another's that begins so", "felucca2=" COOKIE, false},
    {"twice", "felucca=" COOKIE "; felucca=" COOKIE, false},
    {"too short", "felucca=0123", false},
    {"too long", "felucca=" COOKIE "0", false},
    {"capitals", "felucca=0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false},
    {"in quotes", "felucca=\"" COOKIE "\"", false},
    {"none", "", false},
    {"no value", "felucca", false},
    {"empty", "felucca=", false},
};

START_TEST(cookie_is_found)
{
    const struct cookie_row *row = &cookie_rows[_i];
    AUTO(text_release) struct text value = TEXT_EMPTY;
    ck_assert_msg(header_find_cookie(row->header, "felucca", &value) == row->found, "%s", row->label);
    ck_assert_str_eq(text_string(&value), row->found ? COOKIE : "");
}
END_TEST

static const struct group_row {
    const char *list;
    bool has;
} group_rows[] = {{"ops", true},      {"a,ops", true}, {"a , ops ,b", true}, {"ops2", false}, {"aops", false},
                  {"a ops b", false}, {"Ops", false},  {"", false},          {",,", false},   {"ops,", true}};

START_TEST(group_is_found)
{
    ck_assert_msg(header_has_word(group_rows[_i].list, "ops") == group_rows[_i].has, "%s",
                  group_rows[_i].list);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console sessions");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, session_begins_and_ends);
    tests_add(tests, idle_session_ends);
    tests_add(tests, long_session_ends);
    tests_add(tests, sessions_are_bounded);
    tests_add(tests, address_waits);
    tests_add(tests, name_waits);
    tests_add(tests, network_of_version_6_is_one);
    tests_rows(tests, cookie_is_found, ROWS(cookie_rows));
    tests_rows(tests, group_is_found, ROWS(group_rows));
    return tests_run(tests);
}
