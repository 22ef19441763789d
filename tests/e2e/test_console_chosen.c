/* What operators tick in the lists of the console: lines of Trouble, or studies, changed together. */
#include "common/base/cleanup.h"
#include "tests/support/desk.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct desk *desk;

static void set_up(void)
{
    desk = desk_create(NULL);
}

static void tear_down(void)
{
    desk_destroy(&desk);
}

/* ---- what was ticked ---- */

START_TEST(lines_are_dropped_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    desk_fail_five(desk);
    desk_quarantine_two(desk);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/trouble"), 200);
    ck_assert_uint_eq(desk_take_picks(&desk->viv, &form), 0);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    text_append(&form, "verb=drop&of=trouble");
    ck_assert_uint_eq(desk_take_picks(&desk->ada, &form), 2);
    text_append(&form, "&pick=0123456789abcdef"); /* one that went meanwhile */
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Drop 5 jobs and 2 files?");
    desk_ck_body(&desk->ada, "Gives up 5 jobs. What is at the destination stays there");
    desk_ck_body(&desk->ada, "<li>2 files in quarantine from CT01 to NOBODY: no node");
    rig_check(desk->rig, rig_jobs(desk->rig, "delivery", "failed", NULL, NULL) == 5,
              "done without being asked to");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "5 jobs dropped, 2 files dropped");
    rig_check(desk->rig,
              rig_jobs(desk->rig, "delivery", "dropped", NULL, NULL) == 5 && rig_quarantined(desk->rig) == 0,
              "not dropped");
    ck_assert(desk_journal_has(desk, "ada (console)"));
}
END_TEST

/* The name of the tick that is about so many. */
static void take_pick_of(const struct console_guest *guest, int count, struct text *form)
{
    static const char before[] = "name=\"pick\" value=\"";
    AUTO(text_release) struct text mark = TEXT_EMPTY;
    text_format(&mark, "\" form=\"bulk\" data-count=\"%d\"", count);
    for (const char *at = console_guest_body(guest); (at = strstr(at, before));) {
        at += strlen(before);
        size_t length = strcspn(at, "\"");
        if (!string_starts_with(at + length, text_string(&mark)))
            continue;
        text_append(form, "&pick=");
        text_append_bytes(form, at, length);
        return;
    }
    ck_abort_msg("no tick about %d", count);
}

/* Of study 1, whose images are at the destination, two shares; and to the destination three deliveries of study 2: all for one
 * reason. */
static void fail_shares_and_deliveries(void)
{
    rig_receive(desk->rig, "FIRST", 1, 1, 1, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
    desk_answer_until(desk, desk->sharer, WORK_REJECT_OUTCOME, "failed", 2);
    for (unsigned i = 1; i <= 3; i++)
        rig_receive(desk->rig, "FIRST", 2, 1, i, NULL);
    desk_answer_until(desk, desk->sender, WORK_REJECT_OUTCOME, "failed", 3);
}

static void ck_trouble_sum(const char *label, int64_t deliveries, int64_t shares)
{
    ck_assert_msg(rig_jobs(desk->rig, "delivery", "failed", NULL, NULL) == deliveries &&
                      rig_jobs(desk->rig, "share", "failed", NULL, NULL) == shares,
                  "%s: %lld deliveries and %lld shares failed", label,
                  (long long)rig_jobs(desk->rig, "delivery", "failed", NULL, NULL),
                  (long long)rig_jobs(desk->rig, "share", "failed", NULL, NULL));
}

START_TEST(line_means_nothing_beside_it)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, all = TEXT_EMPTY;
    fail_shares_and_deliveries();
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    desk_ck_body(&desk->ada, "name=\"line\" value=\"yes\"");
    desk_ck_body(&desk->ada, "name=\"job_kind\" value=\"delivery\"");
    text_append(&all, "verb=drop&of=trouble");
    ck_assert_uint_eq(desk_take_picks(&desk->ada, &all), 3);
    text_append(&form, "verb=drop&of=trouble");
    take_pick_of(&desk->ada, 3, &form);
    desk_plan(&desk->ada, text_string(&all), &address);
    desk_ck_body(&desk->ada, "Drop 5 jobs?");
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Drop 3 jobs?");
    desk_ck_body(&desk->ada, "Gives up 3 failed deliveries to main");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "3 jobs dropped");
    ck_trouble_sum("one line dropped", 0, 2);
    desk_plan(&desk->ada, "verb=drop&destination=main&state=failed&line=yes&job_kind=share&reason=never",
              &address);
    desk_ck_body(&desk->ada, "There is no failed share to main (never)");
    text_clear(&all);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    text_append(&all, "verb=drop&of=trouble");
    ck_assert_uint_eq(desk_take_picks(&desk->ada, &all), 2);
    desk_plan(&desk->ada, text_string(&all), &address);
    desk_ck_body(&desk->ada, "Drop 2 jobs?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "2 jobs dropped");
    ck_trouble_sum("all lines dropped", 0, 0);
}
END_TEST

/* Deliveries to main of these images, all of one study, fail with one answer. */
static void fail_with(int http_status, const char *reason, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        rig_receive(desk->rig, "FIRST", 2, 1, i, NULL);
    while (rig_jobs(desk->rig, "delivery", "failed", NULL, NULL) < last) {
        AUTO(work_destroy) struct work *work = actor_wait_work(desk->rig->cast, desk->sender, DESK_SOON_MS);
        rig_check(desk->rig, work != NULL, reason);
        AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
        for (size_t i = 0; i < result->answer_count; i++)
            work_answer_set(&result->answers[i], WORK_REJECT_OUTCOME, BLAME_NOBODY, http_status, reason);
        actor_say_result(desk->sender, result);
        rig_check(desk->rig, actor_wait_acknowledged(desk->rig->cast, desk->sender, work->id, DESK_SOON_MS),
                  "not acknowledged");
    }
}

/* The fields of the row's own form that drops, behind its tick. */
static void take_own_form(const struct console_guest *guest, const char *pick, struct text *ret_form)
{
    static const char name[] = "<input type=\"hidden\" name=\"", value[] = "\" value=\"";
    AUTO(text_release) struct text mark = TEXT_EMPTY;
    text_format(&mark, "value=\"%s\" form=\"bulk\"", pick);
    const char *row = strstr(console_guest_body(guest), text_string(&mark));
    const char *at = row ? strstr(row, "name=\"verb\" value=\"drop\"") : NULL;
    ck_assert_ptr_nonnull(at);
    const char *end = strstr(at, "</form>");
    while (end - at > 0 && strncmp(at, "<form", strlen("<form")) != 0)
        at--;
    for (; (at = strstr(at, name)) && at < end;) {
        const char *field = at + strlen(name);
        at = strstr(field, value) + strlen(value);
        if (string_starts_with(field, "token"))
            continue;
        text_append(ret_form, ret_form->length > 0 ? "&" : "");
        text_append_bytes(ret_form, field, strcspn(field, "\""));
        text_append_char(ret_form, '=');
        for (; *at != '"'; at++)
            text_append_char(ret_form, *at == ' ' ? '+' : *at);
    }
}

/* Neither what has another answer, nor what has a longer reason. */
START_TEST(line_has_one_reason_and_answer)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, own = TEXT_EMPTY;
    fail_with(0, "no room", 1, 2);
    fail_with(0, "no room: 503", 3, 3);
    fail_with(409, "no room", 4, 6);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    take_pick_of(&desk->ada, 2, &form);
    take_own_form(&desk->ada, text_string(&form) + strlen("&pick="), &own);
    text_append(&form, "&verb=drop&of=trouble");
    desk_plan(&desk->ada, text_string(&own), &address);
    desk_ck_body(&desk->ada, "Drop 2 jobs?");
    desk_plan(&desk->ada, text_string(&form) + 1, &address);
    desk_ck_body(&desk->ada, "Drop 2 jobs?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    ck_trouble_sum("one line dropped", 4, 0);
    text_clear(&own);
    text_clear(&form);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    take_pick_of(&desk->ada, 1, &form);
    take_own_form(&desk->ada, text_string(&form) + strlen("&pick="), &own);
    desk_plan(&desk->ada, text_string(&own), &address);
    desk_ck_body(&desk->ada, "Drop 1 job?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    ck_trouble_sum("a longer reason dropped", 3, 0);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    take_pick_of(&desk->ada, 3, &form); /* the other answer's */
}
END_TEST

START_TEST(failed_shares_of_a_study_are_retried)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    fail_shares_and_deliveries();
    rig_spec(&spec, 1, 1, 1);
    text_format(&page, "/study/%s", spec.study_uid);
    ck_assert_int_eq(console_guest_get(&desk->ada, text_string(&page)), 200);
    desk_ck_body(&desk->ada, "2 shares failed");
    desk_ck_body(&desk->ada, "<b>1 to main/ct</b>");
    desk_ck_body(&desk->ada, "name=\"verb\" value=\"retry\"");
    ck_assert_int_eq(console_guest_get(&desk->ada, "/studies"), 200);
    text_append(&form, "verb=retry&of=studies");
    take_pick_of(&desk->ada, 2, &form);
    desk_ck_body(&desk->ada, "data-count=\"2\" data-can=\"retry drop reshare\"");
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Retry 2 jobs?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "2 jobs retried");
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 2);
    ck_trouble_sum("one study retried", 3, 0);
}
END_TEST

START_TEST(studies_are_retried_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    desk_fail_five(desk); /* of two studies */
    ck_assert_int_eq(console_guest_get(&desk->ada, "/studies"), 200);
    text_append(&form, "verb=retry&of=studies");
    ck_assert_uint_eq(desk_take_picks(&desk->ada, &form), 2);
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Retry 5 jobs?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "5 jobs retried");
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 5);
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

/* Counted by the router, all of them. */
START_TEST(studies_are_shared_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    rig_receive(desk->rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(desk->rig, "FIRST", 2, 1, 2, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 2);
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 4);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/studies"), 200);
    text_append(&form, "verb=reshare&of=studies&to=main/mr");
    ck_assert_uint_eq(desk_take_picks(&desk->ada, &form), 2);
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "Nothing would change");
    desk_ck_body(&desk->ada, "for 2 it does not hold");
}
END_TEST

/* Of a line that says it: of these ticks there are 200 at most. */
START_TEST(ticks_are_bounded)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_append(&form, "verb=retry&of=studies");
    for (int i = 0; i < 200; i++)
        text_format(&form, "&pick=1.2.%d", i);
    ck_assert_int_eq(console_guest_post(&desk->ada, "/act", text_string(&form)), 303);
    text_append(&form, "&pick=1.2.200");
    ck_assert_int_eq(console_guest_post(&desk->ada, "/act", text_string(&form)), 400);
    desk_ck_body(&desk->ada, "At most 200 can be chosen at once");
    ck_assert_int_eq(console_guest_get(&desk->ada, "/studies?pick=1.2"), 400);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console chosen");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_add(tests, lines_are_dropped_together);
    tests_add(tests, line_means_nothing_beside_it);
    tests_add(tests, line_has_one_reason_and_answer);
    tests_add(tests, failed_shares_of_a_study_are_retried);
    tests_add(tests, studies_are_retried_together);
    tests_add(tests, studies_are_shared_together);
    tests_add(tests, ticks_are_bounded);
    return tests_run(tests);
}
