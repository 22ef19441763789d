/* What operators do at the console: planned and counted first, done by a real router, and written down with their names. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/desk.h"
#include "tests/support/files.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
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

/* ---- from click to effect ---- */

START_TEST(what_failed_is_retried)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_fail_five(desk);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    desk_ck_body(&desk->ada, "value=\"retry\"");
    desk_plan(&desk->ada, "verb=retry&destination=main&state=failed", &address);
    desk_ck_body(&desk->ada, "Retry 5 jobs?");
    desk_ck_body(&desk->ada, "Makes 5 failed jobs to main due now");
    rig_check(desk->rig, rig_jobs(desk->rig, "delivery", "failed", NULL, NULL) == 5,
              "done without being asked to");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "5 jobs retried");
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 5);
    ck_assert(desk_journal_has(desk, "ada (console)"));
    ck_assert_int_eq(desk_go(&desk->ada, &address), 409); /* once */
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

START_TEST(what_failed_is_dropped)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_fail_five(desk);
    desk_plan(&desk->ada, "verb=drop&destination=main&state=failed", &address);
    desk_ck_body(&desk->ada, "Drop 5 jobs?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    rig_check(desk->rig, rig_wait_jobs(desk->rig, "delivery", "dropped", 5, DESK_SOON_MS), "not dropped");
    ck_assert(desk_journal_has(desk, "ada (console)"));
}
END_TEST

START_TEST(target_is_held_and_released)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_plan(&desk->ada, "verb=hold&destination=main", &address);
    desk_ck_body(&desk->ada, "Hold main?");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    rig_check(desk->rig, rig_wait_target(desk->rig, "main", NULL, "held", DESK_SOON_MS), "not held");
    desk_plan(&desk->ada, "verb=hold&destination=main", &address);
    desk_ck_body(&desk->ada, "Nothing would change");
    desk_ck_body(&desk->ada, "main is held already");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 409);
    desk_plan(&desk->ada, "verb=release&destination=main", &address);
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    rig_check(desk->rig, rig_wait_target(desk->rig, "main", NULL, "up", DESK_SOON_MS), "not released");
}
END_TEST

START_TEST(condition_is_asked_again)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_receive(desk->rig, "FIRST", 1, 1, 1, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 2);
    desk_plan(&desk->ada, "verb=reshare&destination=main&album=mr&since=7d", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "Nothing would change");
    desk_ck_body(&desk->ada, "for 1 it does not hold");
}
END_TEST

/* The router is away: that is said, nobody waits for it, and nothing is lost. */
START_TEST(without_a_router_it_is_told)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_fail_five(desk);
    rig_kill(desk->rig);
    desk_plan(&desk->ada, "verb=retry&destination=main&state=failed", &address);
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/now.json"), 200);
    desk_wait_for(desk, &desk->ada, text_string(&address), "The router did not answer");
    desk_ck_body(&desk->ada, "is felucca-router running?");
    rig_start(desk->rig);
    rig_check(desk->rig, rig_wait_jobs(desk->rig, "delivery", "failed", 5, DESK_SOON_MS),
              "they are not there any more");
}
END_TEST

/* What the condition does not let in, a person may; of one study, with a warning. */
START_TEST(study_is_shared_anyway)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_receive(desk->rig, "FIRST", 1, 1, 1, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 2);
    rig_spec(&spec, 1, 1, 1);
    text_format(&form, "verb=reshare&destination=main&album=mr&anyway=yes&study=%s", spec.study_uid);
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "Share 1 series anyway?");
    desk_ck_body(&desk->ada, "is not asked: 1 series of this study would be shared whatever it says");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 3);
}
END_TEST

/* ---- quarantine ---- */

START_TEST(files_in_quarantine_are_taken_in_again)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_quarantine_two(desk);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/trouble"), 200);
    desk_ck_body(&desk->ada, "value=\"quarantine retry\"");
    desk_plan(&desk->ada, "verb=quarantine+retry&reason=no+node&calling_aet=CT01", &address);
    desk_ck_body(&desk->ada, "Take in 2 files again?");
    desk_ck_body(&desk->ada, "Takes in 2 files in quarantine from CT01 (no node)");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "2 files retried");
    rig_check(desk->rig, rig_quarantined(desk->rig) == 2, "taken in though their cause is there");
    ck_assert(desk_journal_has(desk, "ada (console)"));
    desk_plan(&desk->ada, "verb=quarantine+retry&reason=no+node&calling_aet=ELSE", &address);
    desk_ck_body(&desk->ada, "There is no file in quarantine from ELSE (no node) any more");
}
END_TEST

/* Moved away, or with now=yes removed for good, which the plan's page leads to. */
START_TEST(files_in_quarantine_are_dropped)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text form = TEXT_EMPTY;
    desk_quarantine_two(desk);
    text_append(&form, "verb=quarantine+drop&reason=no+node");
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Drop 2 files?");
    desk_ck_body(&desk->ada, "kept in spool/dropped for 7 d");
    desk_ck_body(&desk->ada, "Remove for good instead");
    text_append(&form, "&now=yes");
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "Remove 2 files for good?");
    desk_ck_body(&desk->ada, "Nobody can bring that back");
    rig_check(desk->rig, rig_quarantined(desk->rig) == 2, "done without being asked to");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    rig_check(desk->rig, rig_quarantined(desk->rig) == 0, "not dropped");
    ck_assert_uint_eq(folder_count(sandbox_path(desk->rig->sandbox, "state/spool/dropped"), ".dcm"), 0);
    ck_assert_int_eq(console_guest_post(&desk->viv, "/act", text_string(&form)), 403);
}
END_TEST

/* The SOP Instance UID is not its command's, and whether it is CT cannot be decided: there are two modalities. */
static void quarantine_doubtful(void)
{
    static const char second[] = "\x08\0\x60\0CS\2\0XX";
    const struct dicom_element other = {0x0008, 0x0018, "UI", "2.25.4711", 0, NULL, 0};
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE];
    rig_spec(&spec, 1, 1, 1);
    spec.extra = &other;
    spec.extra_count = 1;
    AUTO(memory_free)
    char *path = stock_receive(sandbox_path(desk->rig->sandbox, "arriving"), &spec, "FIRST");
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    FILE *file = fopen(path, "ab");
    ck_assert(file && fwrite(second, 1, sizeof second - 1, file) == sizeof second - 1 && fclose(file) == 0);
    rig_receive_file(desk->rig, path, receipt);
    rig_check(desk->rig, rig_wait_quarantined(desk->rig, 1, DESK_SOON_MS), "not quarantined");
}

static void give_main_a_condition(void)
{
    rig_stop(desk->rig);
    rig_reword(desk->rig, "      - name: main\n",
               "      - name: main\n        condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")'\n");
    rig_start(desk->rig);
    process_signal(desk->console, SIGHUP);
}

/* Where its condition cannot be decided a destination is named, in the plan, or when it has turned out so. */
START_TEST(doubtful_file_is_sent_to_the_one_that_is_named)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    static const char field[] = "<select name=\"destination\"><option value=\"main\">main</option></select>";
    give_main_a_condition();
    quarantine_doubtful();
    desk_plan(&desk->ada, "verb=quarantine+deliver&calling_aet=CT01&called_aet=FIRST", &address);
    desk_ck_body(&desk->ada, "<h1>Send 1 file?</h1>");
    desk_ck_body(&desk->ada, "to each destination whose condition holds. What cannot");
    desk_ck_body(&desk->ada, field);
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "0 files delivered");
    desk_ck_body(&desk->ada, field);
    desk_plan(&desk->ada, "verb=quarantine+deliver&calling_aet=CT01&called_aet=FIRST&destination=main",
              &address);
    desk_ck_body(&desk->ada, "Sends 1 file in quarantine from CT01 to FIRST as received");
    desk_ck_body(&desk->ada, "holds, and to main also where its condition cannot be decided.");
    ck_assert_ptr_null(strstr(console_guest_body(&desk->ada), field));
    ck_assert_int_eq(desk_go(&desk->viv, &address), 403);
    rig_check(desk->rig, rig_quarantined(desk->rig) == 1, "done without being asked to");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "1 file delivered");
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
}
END_TEST

/* ---- what KHEOPS is asked ---- */

/* One series, of which neither a file nor a header is left, and of which mr has never asked. */
static void forget_headers(struct dicom_spec *ret_spec)
{
    rig_stop(desk->rig);
    rig_reword(desk->rig, "nodes:\n", "retention: 0s\nretention_headers: 0s\nnodes:\n");
    rig_start(desk->rig);
    rig_spec(ret_spec, 1, 1, 1);
    rig_receive(desk->rig, "FIRST", 1, 1, 1, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 2);
    rig_check(desk->rig, rig_wait_drained(desk->rig, DESK_SOON_MS), "its file is left");
}

START_TEST(kheops_is_asked_where_nothing_here_can_tell)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct dicom_spec spec;
    forget_headers(&spec);
    desk_plan(&desk->ada, "verb=reshare&destination=main&album=mr&since=7d", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "Nothing would change");
    desk_ck_body(&desk->ada, "and of 1 it cannot be told");
    desk_ck_body(&desk->ada, "name=\"from_kheops\" value=\"yes\"");
    desk_ck_body(&desk->ada, "<option value=\"7d\" selected>7 days</option>");
    desk_plan(&desk->ada, "verb=reshare&destination=main&album=mr&since=90d&from_kheops=yes", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Ask KHEOPS about 1 series?</h1>");
    desk_ck_body(&desk->ada, "KHEOPS would be asked about 1, whose files and headers are gone here");
    desk_ck_body(&desk->ada, "<option value=\"90d\" selected>90 days</option>");
    ck_assert_ptr_null(strstr(console_guest_body(&desk->ada), "Ask KHEOPS about what cannot be told"));
    rig_check(desk->rig, rig_jobs(desk->rig, "inquiry", NULL, NULL, NULL) == 0,
              "asked without being told to");
    ck_assert_int_eq(desk_go(&desk->viv, &address), 403);
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    desk_ck_body(&desk->ada, "KHEOPS is asked about 1");
    rig_check(desk->rig, rig_wait_jobs(desk->rig, "inquiry", NULL, 1, DESK_SOON_MS), "nothing is asked");
    ck_assert(desk_journal_has(desk, "ada (console)"));
}
END_TEST

static void refuse_inquiry(void)
{
    while (rig_jobs(desk->rig, "inquiry", "failed", NULL, NULL) == 0) {
        struct work *work = actor_wait_work(desk->rig->cast, desk->sharer, DESK_SOON_MS);
        rig_check(desk->rig, work != NULL, "no inquiry");
        rig_check(desk->rig, actor_finish(desk->rig->cast, desk->sharer, work, WORK_REJECT_OUTCOME),
                  "not acknowledged");
        work_destroy(&work);
    }
}

/* An inquiry that failed is all that is wrong with its study: it can be retried there. */
START_TEST(study_of_a_failed_inquiry_has_buttons)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    forget_headers(&spec);
    text_format(&page, "/study/%s", spec.study_uid);
    ck_assert_int_eq(console_guest_get(&desk->ada, text_string(&page)), 200);
    ck_assert_ptr_null(strstr(console_guest_body(&desk->ada), "name=\"verb\" value=\"retry\""));
    text_format(&form, "verb=reshare&destination=main&album=mr&from_kheops=yes&study=%s", spec.study_uid);
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Ask KHEOPS about 1 series?</h1>");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    refuse_inquiry();
    desk_wait_for(desk, &desk->ada, text_string(&page), "<h2 id=\"v\">1 inquiry failed</h2>");
    desk_ck_body(&desk->ada, "name=\"verb\" value=\"retry\"");
    desk_wait_for(desk, &desk->ada, "/", "main/mr: KHEOPS could not be asked about series: 1");
    ck_assert_int_eq(console_guest_get(&desk->viv, text_string(&page)), 200);
    desk_ck_body(&desk->viv, "An operator can retry or drop this.");
    text_clear(&form);
    text_format(&form, "verb=retry&state=failed&study=%s", spec.study_uid);
    desk_plan(&desk->ada, text_string(&form), &address);
    desk_ck_body(&desk->ada, "<h1>Retry 1 job?</h1>");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>Done</h1>");
    rig_check(desk->rig, rig_jobs(desk->rig, "inquiry", "failed", NULL, NULL) == 0, "it failed still");
}
END_TEST

/* ---- sources ---- */

START_TEST(reports_of_a_source_are_held)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_plan(&desk->ada, "verb=hold&source=NEVER", &address);
    desk_ck_body(&desk->ada, "Hold NEVER?");
    desk_ck_body(&desk->ada, "gets no more reports on storage commitment");
    ck_assert_int_eq(desk_go(&desk->ada, &address), 303);
    desk_wait_for(desk, &desk->ada, text_string(&address), "refused it");
    desk_ck_body(&desk->ada, "no source of that title has a port");
    desk_plan(&desk->ada, "verb=release&source=NEVER", &address);
    desk_ck_body(&desk->ada, "NEVER is not held");
}
END_TEST

/* ---- who may not ---- */

START_TEST(viewer_may_not)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    desk_fail_five(desk);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/trouble"), 200);
    ck_assert_ptr_null(strstr(console_guest_body(&desk->viv), "action=\"/act\""));
    ck_assert_int_eq(console_guest_post(&desk->viv, "/act", "verb=drop&destination=main&state=failed"), 403);
    desk_plan(&desk->ada, "verb=drop&destination=main&state=failed", &address);
    ck_assert_int_eq(desk_go(&desk->viv, &address), 403);
    desk_make_user(desk, "viv", "operator");
    ck_assert(console_guest_sign_in(&desk->viv, "viv", DESK_PASSWORD));
    ck_assert_int_eq(console_guest_get(&desk->viv, "/albums"), 200);
    ck_assert_int_eq(desk_go(&desk->viv, &address), 409); /* another's plan */
    text_clear(&desk->ada.token);
    text_append(&desk->ada.token, text_string(&desk->viv.token));
    ck_assert_int_eq(desk_go(&desk->ada, &address), 403); /* another's form */
    rig_check(desk->rig, rig_jobs(desk->rig, "delivery", "failed", NULL, NULL) == 5, "done all the same");
}
END_TEST

static const struct form_row {
    const char *label, *form;
    int status;
    const char *says;
} form_rows[] = {
    {"no verb", "destination=main", 400, "verb is one of"},
    {"another verb", "verb=quarantine+list", 400, "verb is one of"},
    {"a kind of no jobs", "verb=drop&destination=main&job_kind=work", 400, "job_kind is one of"},
    {"an answer of words", "verb=drop&destination=main&http_status=all", 400, "http_status a number"},
    {"a line, perhaps", "verb=drop&destination=main&line=no", 400, "line is yes"},
    {"a line that is shared", "verb=reshare&destination=main&album=ct&since=7d&line=yes", 400,
     "no such parameter"},
    {"all files", "verb=quarantine+drop&all=1", 400, "no such parameter"},
    {"no files", "verb=quarantine+drop", 400, "It needs a reason, a sender or a study"},
    {"at once, perhaps", "verb=quarantine+drop&reason=x&now=maybe", 400,
     "anyway, now and from_kheops are yes"},
    {"at once, of a retry", "verb=quarantine+retry&reason=x&now=yes", 400, "no such parameter"},
    {"anyway, of all", "verb=reshare&destination=main&album=ct&since=7d&anyway=yes", 400, "Only a study"},
    {"sent nowhere", "verb=quarantine+deliver&reason=x&destination=mian", 400, "no such destination"},
    {"retried somewhere", "verb=quarantine+retry&reason=x&destination=main", 400, "no such parameter"},
    {"asked, and not", "verb=reshare&destination=main&album=ct&study=1.2&anyway=yes&from_kheops=yes", 400,
     "nobody is asked"},
    {"asked, perhaps", "verb=reshare&destination=main&album=ct&since=7d&from_kheops=1", 400,
     "from_kheops are yes"},
    {"asked, of a drop", "verb=drop&destination=main&from_kheops=yes", 400, "no such parameter"},
    {"a source and a destination", "verb=hold&destination=main&source=CT01", 400, "or a source"},
    {"nothing ticked", "verb=retry&of=trouble", 400, "Nothing was chosen"},
    {"ticked nowhere", "verb=retry&of=albums&pick=1", 400, "of is trouble or studies"},
    {"ticked, and no verb", "of=trouble&pick=1", 400, "verb is one of"},
    {"ticked, and held", "verb=hold&of=trouble&pick=1", 400, "verb is one of"},
    {"a line that is gone", "verb=retry&of=trouble&pick=0123456789abcdef", 400, "is there any more"},
    {"lines into an album", "verb=reshare&of=trouble&pick=0123456789abcdef&to=main/ct", 400,
     "retried or dropped"},
    {"studies into no album", "verb=reshare&of=studies&pick=1.2&to=main/x", 400, "no such album"},
    {"studies into nothing", "verb=reshare&of=studies&pick=1.2", 400, "no such album"},
    {"a study of spaces", "verb=retry&of=studies&pick=1.2%09", 400, "not well-formed"},
    {"nothing meant", "verb=drop", 400, "needs a study or a destination"},
    {"everything", "verb=drop&all=1", 400, "no such parameter"},
    {"a state of no jobs", "verb=retry&destination=main&state=sent", 400, "No jobs of this state"},
    {"no such destination", "verb=hold&destination=mian", 400, "no such destination"},
    {"no such album", "verb=hold&destination=main&album=x", 400, "no such album"},
    {"an album alone", "verb=hold&album=ct", 400, "It needs a destination"},
    {"no such study", "verb=drop&study=2.25.7", 400, "No study of this UID"},
    {"a beginning of a study", "verb=drop&study=2.25", 400, "No study of this UID"},
    {"markup", "verb=drop&study=%3Cscript%3Ealert(1)%3C/script%3E", 400, "No study of this UID"},
    {"a share of nothing", "verb=reshare&destination=main&album=ct", 400, "since when"},
    {"another time", "verb=reshare&destination=main&album=ct&since=99d", 400, "since is"},
    {"no such plan", "change=0123456789abcdef0123456789abcdef", 409, "Begin again"},
    {"a plan with more", "change=0123&verb=drop", 400, "no such parameter"},
};

START_TEST(form_is_judged)
{
    const struct form_row *row = &form_rows[_i];
    ck_assert_msg(console_guest_post(&desk->ada, "/act", row->form) == row->status, "%s: %d %s", row->label,
                  desk->ada.answer.status, console_guest_body(&desk->ada));
    desk_ck_body(&desk->ada, row->says);
    ck_assert_ptr_null(strstr(console_guest_body(&desk->ada), "<script>alert"));
}
END_TEST

START_TEST(only_forms_act)
{
    ck_assert_int_eq(console_guest_get(&desk->ada, "/act"), 404);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/act?verb=drop&destination=main"), 400);
    ck_assert_int_eq(console_guest_get(&desk->ada, "/change/0123456789abcdef0123456789abcdef"), 404);
    ck_assert_int_eq(console_guest_post(&desk->ada, "/studies", ""), 405);
    ck_assert_int_eq(console_guest_post(&desk->ada, "/act.json", ""), 405);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console acts");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_add(tests, what_failed_is_retried);
    tests_add(tests, what_failed_is_dropped);
    tests_add(tests, target_is_held_and_released);
    tests_add(tests, condition_is_asked_again);
    tests_add(tests, without_a_router_it_is_told);
    tests_add(tests, files_in_quarantine_are_taken_in_again);
    tests_add(tests, files_in_quarantine_are_dropped);
    tests_add(tests, study_is_shared_anyway);
    tests_add(tests, doubtful_file_is_sent_to_the_one_that_is_named);
    tests_add(tests, kheops_is_asked_where_nothing_here_can_tell);
    tests_add(tests, study_of_a_failed_inquiry_has_buttons);
    tests_add(tests, reports_of_a_source_are_held);
    tests_add(tests, viewer_may_not);
    tests_rows(tests, form_is_judged, ROWS(form_rows));
    tests_add(tests, only_forms_act);
    return tests_run(tests);
}
