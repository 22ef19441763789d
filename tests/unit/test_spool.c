#include "common/spool/spool.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/receipt.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox *sandbox;
static const char *state_dir;
static struct spool *spool;

static void make_spool(void)
{
    sandbox = sandbox_create();
    state_dir = sandbox_path(sandbox, "state");
    ck_assert_int_eq(spool_create(state_dir, &spool), 0);
}

static void remove_spool(void)
{
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

/* A receipt's file at a place, empty. */
static void put(enum spool_place place, const char *receipt)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(spool, place, receipt, &path);
    AUTO(fd_close) int fd = open(text_string(&path), O_WRONLY | O_CREAT | O_EXCL, 0640);
    ck_assert_int_ge(fd, 0);
}

static bool is_at(enum spool_place place, const char *receipt)
{
    AUTO(fd_close) int fd = -1;
    int rc = spool_open_file(spool, place, receipt, &fd);
    ck_assert(rc == 0 || rc == ERR_ABSENT);
    return rc == 0;
}

static char *const receipts[] = {"0194f0c0ffee0123456789abcdef0123", "0194f0c0ffee0123456789abcdef01ff"};

static const struct place_row {
    enum spool_place place;
    const char *name, *path; /* of receipts[1] below the state folder */
} place_rows[] = {
    {SPOOL_INCOMING, "incoming", "/spool/incoming/0194f0c0ffee0123456789abcdef01ff.dcm"},
    {SPOOL_QUEUE, "queue", "/spool/queue/ff/0194f0c0ffee0123456789abcdef01ff.dcm"},
    {SPOOL_QUARANTINE, "quarantine", "/spool/quarantine/0194f0c0ffee0123456789abcdef01ff.dcm"},
    {SPOOL_KEPT, "kept", "/spool/kept/ff/0194f0c0ffee0123456789abcdef01ff.dcm"},
    {SPOOL_DROPPED, "dropped", "/spool/dropped/0194f0c0ffee0123456789abcdef01ff.dcm"},
};

START_TEST(a_place_has_its_folder)
{
    const struct place_row *row = &place_rows[_i];
    enum spool_place parsed = SPOOL_PLACES;
    ck_assert_str_eq(spool_place_name(row->place), row->name);
    ck_assert(spool_place_parse(row->name, &parsed) && parsed == row->place);

    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(spool, row->place, receipts[1], &path);
    ck_assert(string_starts_with(text_string(&path), state_dir));
    ck_assert_str_eq(text_string(&path) + strlen(state_dir), row->path);

    enum spool_place found = SPOOL_PLACES;
    ck_assert_int_eq(spool_find(spool, receipts[1], &found), ERR_ABSENT);
    put(row->place, receipts[1]);
    ck_assert(is_at(row->place, receipts[1]));
    ck_assert(faccessat(spool_folder(spool, row->place, receipts[1]), strrchr(row->path, '/') + 1, R_OK, 0) ==
              0);
    ck_assert_int_eq(spool_find(spool, receipts[1], &found), 0);
    ck_assert_int_eq(found, row->place);
    ck_assert_int_eq(spool_remove(spool, receipts[1], row->place), 0);
    ck_assert(!is_at(row->place, receipts[1]));
    ck_assert_int_eq(spool_remove(spool, receipts[1], row->place), 0);
}
END_TEST

START_TEST(an_unknown_place_has_no_name)
{
    enum spool_place place = SPOOL_PLACES;
    ck_assert(!spool_place_parse("outgoing", &place));
    ck_assert_int_eq(place, SPOOL_PLACES);
}
END_TEST

static const char *const hostile_rows[] = {"", "../x", "0194f0c0ffee0123456789abcdef01FF",
                                           "../../../../../../../../../../etc"};

START_TEST(only_receipts_become_paths)
{
    AUTO(fd_close) int fd = -1;
    ck_assert_int_eq(spool_folder(spool, SPOOL_QUEUE, hostile_rows[_i]), ERR_SYNTAX);
    ck_assert_int_eq(spool_open_file(spool, SPOOL_INCOMING, hostile_rows[_i], &fd), ERR_SYNTAX);
    ck_assert_int_eq(spool_move(spool, hostile_rows[_i], SPOOL_INCOMING, SPOOL_QUEUE), ERR_SYNTAX);
    ck_assert_int_eq(spool_remove(spool, hostile_rows[_i], SPOOL_INCOMING), ERR_SYNTAX);
}
END_TEST

static const struct move_row {
    const char *label;
    bool at_start, at_goal;
    int rc;
} move_rows[] = {
    {"moves", true, false, 0},
    {"was moved before", false, true, 0},
    {"is nowhere", false, false, ERR_ABSENT},
    {"never over a file", true, true, ERR_EXISTS},
};

START_TEST(moving)
{
    const struct move_row *row = &move_rows[_i];
    if (row->at_start)
        put(SPOOL_INCOMING, receipts[0]);
    if (row->at_goal)
        put(SPOOL_QUEUE, receipts[0]);
    ck_assert_msg(spool_move(spool, receipts[0], SPOOL_INCOMING, SPOOL_QUEUE) == row->rc, "%s", row->label);
    ck_assert_msg(is_at(SPOOL_QUEUE, receipts[0]) == (row->rc != ERR_ABSENT), "%s", row->label);
    ck_assert_msg(is_at(SPOOL_INCOMING, receipts[0]) == (row->rc == ERR_EXISTS), "%s", row->label);
}
END_TEST

struct seen {
    unsigned count[2], other;
    int answer;
};

static int see(void *context, const char *receipt)
{
    struct seen *seen = context;
    bool known = false;
    for (int i = 0; i < 2; i++) {
        if (strcmp(receipt, receipts[i]) == 0) {
            known = true;
            seen->count[i]++;
        }
    }
    seen->other += !known;
    return seen->answer;
}

START_TEST(a_scan_sees_every_receipt_and_nothing_else)
{
    enum spool_place place = place_rows[_i].place;
    put(place, receipts[0]);
    put(place, receipts[1]);
    static const char *const others[] = {"0194f0c0ffee0123456789abcdef0123.part", "notes.txt",
                                         "0194f0c0ffee0123456789abcdef0123.dcm~"};
    int folder = spool_folder(spool, place, receipts[0]);
    for (size_t i = 0; i < ROWS(others); i++) {
        AUTO(fd_close) int fd = openat(folder, others[i], O_WRONLY | O_CREAT, 0640);
        ck_assert_int_ge(fd, 0);
    }
    struct seen seen = {{0, 0}, 0, 0};
    for (unsigned pass = 1; pass <= 2; pass++) {
        ck_assert_int_eq(spool_scan(spool, place, see, &seen), 0);
        ck_assert_uint_eq(seen.count[0], pass);
        ck_assert_uint_eq(seen.count[1], pass);
    }
    ck_assert_uint_eq(seen.other, 0);

    struct seen stopped = {{0, 0}, 0, 7};
    ck_assert_int_eq(spool_scan(spool, place, see, &stopped), 7);
    ck_assert_uint_eq(stopped.count[0] + stopped.count[1], 1);
}
END_TEST

START_TEST(a_partial_file_becomes_a_received_one)
{
    char receipt[RECEIPT_SIZE];
    AUTO(fd_close) int fd = -1;
    ck_assert_int_eq(spool_create_partial(spool, receipt, &fd), 0);
    ck_assert(receipt_is_valid(receipt));
    ck_assert_int_eq(write(fd, "x", 1), 1);
    ck_assert(!is_at(SPOOL_INCOMING, receipt));
    ck_assert_int_eq(spool_commit_partial(spool, receipt), 0);
    ck_assert(is_at(SPOOL_INCOMING, receipt));
    ck_assert_int_eq(spool_commit_partial(spool, receipt), ERR_ABSENT);
}
END_TEST

START_TEST(a_partial_file_never_replaces_a_received_one)
{
    char receipt[RECEIPT_SIZE];
    AUTO(fd_close) int fd = -1;
    ck_assert_int_eq(spool_create_partial(spool, receipt, &fd), 0);
    put(SPOOL_INCOMING, receipt);
    ck_assert_int_eq(spool_commit_partial(spool, receipt), ERR_EXISTS);
    unsigned count = 9;
    fd_close(&fd);
    ck_assert_int_eq(spool_sweep_partial(spool, &count), 0);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(a_sweep_takes_what_nobody_holds)
{
    char held[RECEIPT_SIZE], left[RECEIPT_SIZE], removed[RECEIPT_SIZE];
    AUTO(fd_close) int held_fd = -1, left_fd = -1, removed_fd = -1;
    ck_assert_int_eq(spool_create_partial(spool, held, &held_fd), 0);
    ck_assert_int_eq(spool_create_partial(spool, left, &left_fd), 0);
    ck_assert_int_eq(spool_create_partial(spool, removed, &removed_fd), 0);
    put(SPOOL_INCOMING, receipts[0]);
    ck_assert_int_eq(spool_remove_partial(spool, removed), 0);
    ck_assert_int_eq(spool_remove_partial(spool, removed), 0);
    fd_close(&left_fd);

    unsigned count = 0;
    ck_assert_int_eq(spool_sweep_partial(spool, &count), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(spool_commit_partial(spool, held), 0);
    ck_assert_int_eq(spool_commit_partial(spool, left), ERR_ABSENT);
    ck_assert(is_at(SPOOL_INCOMING, receipts[0]));
}
END_TEST

START_TEST(a_reader_sees_what_a_writer_makes_later)
{
    char other_state[128];
    (void)snprintf(other_state, sizeof other_state, "%s/other", state_dir);
    AUTO(spool_destroy) struct spool *reader = NULL, *writer = NULL;
    ck_assert_int_eq(spool_open(other_state, &reader), ERR_ABSENT);
    ck_assert_int_eq(spool_create(other_state, &writer), 0);
    ck_assert_int_eq(spool_create(other_state, &reader), 0);
    spool_destroy(&reader);
    ck_assert_int_eq(spool_open(other_state, &reader), 0);

    char receipt[RECEIPT_SIZE];
    AUTO(fd_close) int fd = -1, file = -1;
    ck_assert_int_eq(spool_create_partial(writer, receipt, &fd), 0);
    ck_assert_int_eq(spool_open_file(reader, SPOOL_INCOMING, receipt, &file), ERR_ABSENT);
    ck_assert_int_eq(spool_commit_partial(writer, receipt), 0);
    ck_assert_int_eq(spool_move(writer, receipt, SPOOL_INCOMING, SPOOL_QUEUE), 0);
    ck_assert_int_eq(spool_open_file(reader, SPOOL_QUEUE, receipt, &file), 0);
}
END_TEST

START_TEST(free_space_is_told)
{
    struct spool_room room = {-1, -1};
    ck_assert_int_eq(spool_room(spool, &room), 0);
    ck_assert_int_gt(room.bytes, 0);
    ck_assert_int_gt(room.files, 0);
}
END_TEST

static const struct room_row {
    const char *label;
    struct spool_room room;
    bool suffices; /* for a thousand bytes */
} room_rows[] = {
    {"as much as there must be", {1000, SPOOL_FILES_LEAST}, true},
    {"a byte less", {999, SPOOL_FILES_LEAST}, false},
    {"an inode less", {1000, SPOOL_FILES_LEAST - 1}, false},
    {"space, and no inode", {INT64_MAX, 0}, false},
    {"inodes are not counted", {1000, INT64_MAX}, true},
};

START_TEST(room_is_bytes_and_inodes)
{
    const struct room_row *row = &room_rows[_i];
    ck_assert_msg(spool_room_suffices(&row->room, 1000) == row->suffices, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("spool");
    tests_fixture(tests, make_spool, remove_spool);
    tests_rows(tests, a_place_has_its_folder, ROWS(place_rows));
    tests_add(tests, an_unknown_place_has_no_name);
    tests_rows(tests, only_receipts_become_paths, ROWS(hostile_rows));
    tests_rows(tests, moving, ROWS(move_rows));
    tests_rows(tests, a_scan_sees_every_receipt_and_nothing_else, ROWS(place_rows));
    tests_add(tests, a_partial_file_becomes_a_received_one);
    tests_add(tests, a_partial_file_never_replaces_a_received_one);
    tests_add(tests, a_sweep_takes_what_nobody_holds);
    tests_add(tests, a_reader_sees_what_a_writer_makes_later);
    tests_add(tests, free_space_is_told);
    tests_rows(tests, room_is_bytes_and_inodes, ROWS(room_rows));
    return tests_run(tests);
}
