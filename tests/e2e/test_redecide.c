/* felucca retry --state excluded, dropped and undecided, and felucca quarantine deliver, over a real router with a
 * sender played by the test: what was left out, dropped, not decided or not taken in is decided again by the conditions
 * of now, while its file is there. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MS = 30000 };

static struct rig *rig;
static struct actor *sender;

static void tear_down(void)
{
    rig_destroy(&rig);
}

static void write_condition(const char *more, const char *condition)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    rig_configure(rig, more, NULL);
    file_read(rig->config, &yaml);
    text_format(&yaml,
                "  - aet: CHOOSY\n    destinations:\n"
                "      - name: choosy\n        stow_url: http://127.0.0.1:11/studies\n        kheops: false\n"
                "        condition: '%s'\n",
                condition);
    file_write_string(rig->config, text_string(&yaml));
}

static void add_sender(void)
{
    sender = cast_add(rig->cast, WORK_SEND, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
}

static void open_rig(const char *more, const char *condition)
{
    rig = rig_create(more);
    rig_stop(rig);
    write_condition(more, condition);
    rig_start(rig);
}

static void change_condition(const char *more, const char *condition)
{
    write_condition(more, condition);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
}

#define FELUCCA(status, says, ...) rig_expect(rig, status, says, (const char *const[]){__VA_ARGS__, NULL})

static void wait_jobs(const char *state, int64_t count)
{
    rig_check(rig, rig_wait_jobs(rig, "delivery", state, count, SOON_MS), state);
}

static void deliver_one(void)
{
    struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&work);
}

struct place {
    const char *folder, *receipt;
};

/* queue/ and kept/ have folders by the receipt's end. Borrowed from the sandbox. */
static const char *path_in(const char *folder, const char *receipt)
{
    if (strcmp(folder, "dropped") == 0 || strcmp(folder, "incoming") == 0)
        return sandbox_path(rig->sandbox, "state/spool/%s/%s.dcm", folder, receipt);
    return sandbox_path(rig->sandbox, "state/spool/%s/%s/%s.dcm", folder, receipt + RECEIPT_LENGTH - 2,
                        receipt);
}

static bool is_there(void *context)
{
    const struct place *place = context;
    cast_turn(rig->cast);
    return file_exists(path_in(place->folder, place->receipt));
}

static void wait_file(const char *folder, const char *receipt)
{
    struct place place = {folder, receipt};
    rig_check(rig, wait_until(is_there, &place, SOON_MS), folder);
}

#define CT "tagValueIsPresent(#Tag.Modality, \"CT\")"
#define XX "tagValueIsPresent(#Tag.Modality, \"XX\")"

START_TEST(what_was_left_out_is_decided_by_the_conditions_of_now)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, XX);
    rig_receive(rig, "CHOOSY", 1, 1, 1, receipt);
    rig_receive(rig, "CHOOSY", 1, 2, 1, NULL); /* MR */
    wait_jobs("excluded", 2);
    wait_file("kept", receipt);
    FELUCCA(1, "stays excluded: the destination's condition is false", "retry", "--state", "excluded",
            "--yes");
    change_condition(NULL, CT);
    FELUCCA(0, "1 job would be retried, 1 left as they are", "retry", "--state", "excluded", "--dry-run");
    FELUCCA(2, "there is no terminal to ask on", "retry", "--state", "excluded");
    wait_jobs("excluded", 2);
    FELUCCA(1, "nothing matches", "retry", "--state", "excluded", "--destination", "main", "--yes");
    FELUCCA(0, "1 job retried, 1 left as they are", "retry", "--state", "excluded", "--yes");
    wait_jobs("queued", 1);
    FELUCCA(1, "nothing matches", "drop", "--state", "undecided", "--yes");
    FELUCCA(1, "nothing is left to be done", "drop", "delivery:2", "--yes");
    add_sender();
    deliver_one();
    wait_jobs("sent", 1);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "files are left");
}
END_TEST

START_TEST(what_was_dropped_comes_back)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, CT);
    rig_receive(rig, "CHOOSY", 1, 1, 1, receipt);
    wait_jobs("queued", 1);
    FELUCCA(0, "1 job dropped", "drop", "delivery:1", "--yes");
    FELUCCA(0, "1 job retried", "retry", "delivery:1"); /* wherever its file is on its way */
    FELUCCA(0, "1 job dropped", "drop", "delivery:1", "--yes");
    wait_file("dropped", receipt);
    FELUCCA(0, "1 job retried", "retry", "--state", "dropped", "--yes");
    wait_jobs("queued", 1);
    add_sender();
    deliver_one();
    wait_jobs("sent", 1);
}
END_TEST

/* A router that dies between its commit and the move of the file. */
START_TEST(a_file_that_had_not_moved_back_is_found)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, XX);
    rig_receive(rig, "CHOOSY", 1, 1, 1, receipt);
    wait_jobs("excluded", 1);
    wait_file("kept", receipt);
    change_condition(NULL, CT);
    FELUCCA(0, "1 job retried", "retry", "delivery:1");
    rig_stop(rig);
    AUTO(memory_free) char *kept = memory_string(path_in("kept", receipt));
    ck_assert_int_eq(rename(path_in("queue", receipt), kept), 0);
    rig_start(rig);
    add_sender();
    deliver_one();
    wait_jobs("sent", 1);
}
END_TEST

START_TEST(what_is_gone_is_told)
{
    open_rig("retention_excluded: 0s\n", XX);
    rig_receive(rig, "CHOOSY", 1, 1, 1, NULL);
    wait_jobs("excluded", 1);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the file stays");
    change_condition("retention_excluded: 0s\n", CT);
    FELUCCA(1, "stays excluded: its file is gone", "retry", "--state", "excluded", "--yes");
    FELUCCA(1, "stays excluded: its file is gone", "retry", "delivery:1");
}
END_TEST

static struct work *take_work(void)
{
    struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    return work;
}

/* The server refuses the first version, again and again. */
START_TEST(a_corrected_version_waits_for_nobody)
{
    char first[RECEIPT_SIZE], second[RECEIPT_SIZE], says[96];
    open_rig(NULL, CT);
    add_sender();
    rig_receive(rig, "CHOOSY", 1, 1, 1, first);
    struct work *work = take_work();
    rig_receive(rig, "CHOOSY", 1, 1, 1, second);
    wait_jobs("queued", 1);
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_RETRY_OUTCOME), "not acknowledged");
    work_destroy(&work);
    work = take_work();
    ck_assert_uint_eq(work->item_count, 1);
    ck_assert_str_eq(work->items[0].receipt, second);
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&work);
    wait_jobs("excluded", 1);
    (void)snprintf(says, sizeof says, "replaced by receipt %s", second);
    FELUCCA(0, says, "jobs", "--state", "excluded", "--json");
    FELUCCA(0, says, "show", first, "--json");
    wait_file("kept", first);
    /* somebody wants it all the same */
    (void)snprintf(says, sizeof says, "a newer version of it is stored, receipt %s", second);
    FELUCCA(1, says, "retry", "--state", "excluded", "--yes");
    wait_jobs("excluded", 1);
    FELUCCA(0, "1 job retried", "retry", "delivery:1", "--yes");
    work = take_work();
    ck_assert_str_eq(work->items[0].receipt, first);
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&work);
    wait_jobs("sent", 2);
}
END_TEST

/* It was in quarantine, or its header took long to read, while a newer version came and was delivered. */
START_TEST(an_older_version_that_comes_late_is_left_out)
{
    struct dicom_spec spec;
    char older[RECEIPT_SIZE], newer[RECEIPT_SIZE], says[96];
    open_rig(NULL, CT);
    add_sender();
    rig_receive(rig, "CHOOSY", 1, 1, 1, newer);
    deliver_one();
    wait_jobs("sent", 1);
    rig_spec(&spec, 1, 1, 1);
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, "CHOOSY");
    (void)snprintf(older, sizeof older, "000%.*s", RECEIPT_LENGTH - 3, strrchr(path, '/') + 4);
    rig_receive_file(rig, path, older);
    wait_jobs("excluded", 1);
    (void)snprintf(says, sizeof says, "replaced by receipt %s", newer);
    FELUCCA(0, says, "show", older, "--json");
    wait_file("kept", older);
    FELUCCA(0, "1 job retried", "retry", "delivery:2", "--yes");
    deliver_one();
    wait_jobs("sent", 2);
}
END_TEST

/* ---- quarantine deliver ---- */

/* An instance whose SOP Instance UID is not that of its command; doubtful: with a second modality behind its pixels. */
static void receive_mismatched(const char *called_aet, bool doubtful, char *ret_receipt)
{
    static const char second[] = "\x08\0\x60\0CS\2\0XX";
    const struct dicom_element other = {0x0008, 0x0018, "UI", "2.25.4711", 0, NULL, 0};
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 1);
    spec.extra = &other;
    spec.extra_count = 1;
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, called_aet);
    (void)snprintf(ret_receipt, RECEIPT_SIZE, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    FILE *file = fopen(path, "ab");
    size_t length = doubtful ? sizeof second - 1 : 0;
    ck_assert(file && fwrite(second, 1, length, file) == length && fclose(file) == 0);
    rig_receive_file(rig, path, ret_receipt);
}

START_TEST(what_contradicts_its_command_is_delivered_as_it_is)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, CT);
    receive_mismatched("CHOOSY", false, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    FELUCCA(0, "1 file retried", "quarantine", "retry", receipt); /* quarantined again */
    FELUCCA(2, "only deliver takes --destination", "quarantine", "retry", receipt, "--destination", "choosy");
    FELUCCA(1, "its node CHOOSY has no destination main", "quarantine", "deliver", receipt, "--destination",
            "main");
    FELUCCA(0, "1 file delivered", "quarantine", "deliver", receipt);
    FELUCCA(0,
            "as it is, although it was quarantined: its SOP Instance UID (0008,0018) is not the one of the",
            "show", receipt, "--json");
    add_sender();
    struct work *work = take_work();
    ck_assert_str_eq(work->items[0].receipt, receipt);
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&work);
    wait_jobs("sent", 1);
    rig_check(rig, rig_quarantined(rig) == 0, "it is in quarantine still");
}
END_TEST

/* Its cause is gone: the node accepts such UIDs now. */
START_TEST(a_quarantined_file_is_taken_in_when_its_cause_is_gone)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, CT);
    receive_mismatched("CHOOSY", false, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    file_read(rig->config, &yaml);
    text_append(&yaml, "    mismatched_uids: accept\n");
    file_write_string(rig->config, text_string(&yaml));
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    rig_check(rig, rig_quarantined(rig) == 1, "taken in by itself");
    FELUCCA(0, "1 file retried", "quarantine", "retry", "--all", "--yes");
    wait_jobs("queued", 1);
    rig_check(rig, rig_quarantined(rig) == 0, "it is in quarantine still");
}
END_TEST

START_TEST(where_a_condition_cannot_be_decided_the_destination_is_named)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, CT);
    receive_mismatched("CHOOSY", true, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    FELUCCA(
        1,
        "the condition of destination choosy cannot be decided: #Tag.Modality is not known: it is there twice",
        "quarantine", "deliver", receipt);
    FELUCCA(1, "name the destination that shall get it: --destination NAME", "quarantine", "deliver",
            receipt);
    rig_check(rig, rig_quarantined(rig) == 1, "it is out of quarantine");
    FELUCCA(0, "1 file delivered", "quarantine", "deliver", receipt, "--destination", "choosy");
    wait_jobs("queued", 1);
    add_sender();
    deliver_one();
    wait_jobs("sent", 1);
}
END_TEST

/* The albums of a destination without a condition: nothing is shared by itself. */
START_TEST(an_album_that_cannot_be_decided_waits_for_a_person)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, CT);
    receive_mismatched("FIRST", true, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    FELUCCA(0, "1 file delivered", "quarantine", "deliver", "--all", "--yes");
    rig_check(rig, rig_wait_jobs(rig, "share", "undecided", 2, SOON_MS), "they are decided");
    rig_check(rig, rig_wait_jobs(rig, "share", "waiting", 1, SOON_MS), "the album of all does not ask");
    add_sender();
    deliver_one();
    wait_jobs("sent", 1);
    rig_check(rig, rig_jobs(rig, "share", "undecided", NULL, NULL) == 2, "they are decided now");
}
END_TEST

START_TEST(what_cannot_be_delivered_says_why)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL, XX);
    receive_mismatched("CHOOSY", false, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    FELUCCA(1, "cannot be delivered: the destination's condition is false", "quarantine", "deliver", receipt);
    FELUCCA(1, "the destination's condition is false", "quarantine", "deliver", receipt, "--destination",
            "choosy");
    receive_mismatched("NOBODY", false, receipt);
    FELUCCA(1, "no node of the configuration", "quarantine", "deliver", "--reason", "no node", "--yes");
}
END_TEST

/* Each takes longer than a step of the change waits for one. */
START_TEST(a_series_of_slow_headers_is_heard_to_its_end)
{
    enum { SLOW = 7 };
    static const char *const slow[] = {"FELUCCA_SLOW_ON=", NULL};
    open_rig(NULL, CT);
    for (unsigned i = 1; i <= SLOW; i++)
        rig_receive(rig, "FIRST", 1, 1, i, NULL);
    wait_jobs("queued", SLOW);
    FELUCCA(0, "1 job", "drop", "--album", "ct", "--state", "waiting", "--yes");
    rig_stop(rig);
    rig_reword(rig, "#Tag.Modality, \"CT\"", "#Tag.StationName, \"NONE\"");
    rig_start_from(rig, FELUCCA_CRASH_BIN, slow);
    FELUCCA(1, "stays dropped: the album's condition is false", "retry", "--album", "ct", "--state",
            "dropped", "--yes");
}
END_TEST

/* ---- a node that the router does not know yet ---- */

/* The receiver has read a configuration that the router has not. */
START_TEST(what_the_router_has_no_node_for_waits_for_the_configuration)
{
    char receipt[RECEIPT_SIZE];
    rig = rig_create(NULL);
    rig_receive(rig, "CHOOSY", 1, 1, 1, receipt);
    rig_check(rig,
              rig_wait_log(rig, "it waits for the configuration to be read again called=CHOOSY", SOON_MS),
              "no word of it");
    wait_file("incoming", receipt);
    rig_check(rig, rig_quarantined(rig) == 0, "it is in quarantine");
    rig_receive(rig, "SECOND", 1, 1, 2, NULL); /* others go on */
    wait_jobs("queued", 1);
    change_condition(NULL, CT);
    wait_jobs("queued", 2);
    wait_file("queue", receipt);
}
END_TEST

/* The receiver's clock was years ahead then: who waits for that time waits for ever. */
START_TEST(what_was_received_far_ahead_of_now_does_not_wait_for_a_node)
{
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE];
    rig = rig_create(NULL);
    rig_spec(&spec, 1, 1, 1);
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, "CHOOSY");
    (void)snprintf(receipt, RECEIPT_SIZE, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    receipt[0] = '1';
    rig_receive_file(rig, path, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "it waits");
}
END_TEST

/* After some minutes it is quarantined; a node of that name takes it in all the same. */
START_TEST(a_node_takes_in_what_was_quarantined_without_it)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE], other[RECEIPT_SIZE];
    open_rig(NULL, CT);
    rig_receive(rig, "NOBODY", 1, 1, 1, receipt);
    receive_mismatched("CHOOSY", false, other);
    rig_check(rig, rig_wait_quarantined(rig, 2, SOON_MS), "not in quarantine");
    FELUCCA(0, "no node of the configuration has its called AE title", "quarantine");
    file_read(rig->config, &yaml);
    text_append(&yaml, "  - aet: NOBODY\n    destinations:\n"
                       "      - { name: later, stow_url: 'http://127.0.0.1:12/studies', kheops: false }\n");
    file_write_string(rig->config, text_string(&yaml));
    process_signal(rig->router, SIGHUP);
    wait_jobs("queued", 1);
    rig_check(rig, rig_quarantined(rig) == 1, "what has another cause is taken in");
    wait_file("queue", receipt);
}
END_TEST

/* The same when the router was started with it. */
START_TEST(so_does_a_router_that_is_started_with_the_node)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    open_rig(NULL, CT);
    rig_receive(rig, "NOBODY", 1, 1, 1, NULL);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not in quarantine");
    rig_stop(rig);
    file_read(rig->config, &yaml);
    text_append(&yaml, "  - aet: NOBODY\n    destinations:\n"
                       "      - { name: later, stow_url: 'http://127.0.0.1:12/studies', kheops: false }\n");
    file_write_string(rig->config, text_string(&yaml));
    rig_start(rig);
    wait_jobs("queued", 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("redecide");
    tests_timeout(tests, 120);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, what_was_left_out_is_decided_by_the_conditions_of_now);
    tests_add(tests, what_was_dropped_comes_back);
    tests_add(tests, a_file_that_had_not_moved_back_is_found);
    tests_add(tests, what_is_gone_is_told);
    tests_add(tests, a_corrected_version_waits_for_nobody);
    tests_add(tests, an_older_version_that_comes_late_is_left_out);
    tests_add(tests, what_contradicts_its_command_is_delivered_as_it_is);
    tests_add(tests, a_quarantined_file_is_taken_in_when_its_cause_is_gone);
    tests_add(tests, where_a_condition_cannot_be_decided_the_destination_is_named);
    tests_add(tests, an_album_that_cannot_be_decided_waits_for_a_person);
    tests_add(tests, what_cannot_be_delivered_says_why);
    tests_add(tests, a_series_of_slow_headers_is_heard_to_its_end);
    tests_add(tests, what_the_router_has_no_node_for_waits_for_the_configuration);
    tests_add(tests, what_was_received_far_ahead_of_now_does_not_wait_for_a_node);
    tests_add(tests, a_node_takes_in_what_was_quarantined_without_it);
    tests_add(tests, so_does_a_router_that_is_started_with_the_node);
    return tests_run(tests);
}
