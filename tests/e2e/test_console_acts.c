/* What operators do at the console: planned and counted first, done by a real router, and written down with their names. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/console_guest.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 30000 };

#define PASSWORD "correct+horse"

static struct rig *rig;
static struct actor *sender, *sharer;
static struct process *console;
static struct console_guest ada, viv;

/* ---- around it ---- */

static void make_user(const char *name, const char *role)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line,
                "echo 'correct horse' | " FELUCCA_BIN "/felucca --config '%s' console passwd %s --role %s",
                rig->config, name, role);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    ck_assert_msg(process_run(argv, NULL, SOON_MS, &output) == 0, "%s", text_string(&output));
}

static bool console_listens(void *context)
{
    (void)context;
    return port_accepts(ada.port);
}

static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    ada = viv = (struct console_guest){0};
    ada.port = viv.port = port_free();
    text_format(&more, "console: { port: %d, users: users }\n", ada.port);
    rig = rig_create(text_string(&more));
    sender = cast_add(rig->cast, WORK_SEND, 8);
    sharer = cast_add(rig->cast, WORK_SHARE, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "no sharer");
    make_user("ada", "operator");
    make_user("viv", "viewer");
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", rig->config, NULL};
    const struct process_options options = {.output = sandbox_path(rig->sandbox, "console.log")};
    console = process_start(argv, &options);
    ck_assert(wait_until(console_listens, NULL, SOON_MS));
    ck_assert(console_guest_sign_in(&ada, "ada", PASSWORD));
    ck_assert(console_guest_sign_in(&viv, "viv", PASSWORD));
    ck_assert_int_eq(console_guest_get(&ada, "/albums"), 200);
    ck_assert_int_eq(console_guest_get(&viv, "/albums"), 200);
}

static void tear_down(void)
{
    console_guest_release(&ada);
    console_guest_release(&viv);
    process_destroy(&console);
    rig_destroy(&rig);
}

/* Answers every work until so many jobs are in that state. */
static void answer_until(struct actor *actor, enum work_outcome outcome, const char *state, int64_t count)
{
    const char *kind = actor->stage == WORK_SEND ? "delivery" : "share";
    while (rig_jobs(rig, kind, state, NULL, NULL) < count) {
        struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
        rig_check(rig, work != NULL, state);
        rig_check(rig, actor_finish(rig->cast, actor, work, outcome), "not acknowledged");
        work_destroy(&work);
    }
}

static void ck_body(const struct console_guest *guest, const char *part)
{
    const char *body = console_guest_body(guest), *main = strstr(body, "<main"); /* what Check takes of it */
    ck_assert_msg(strstr(body, part), "no %s in %.1500s", part, main ? main : body);
}

/* The address that the last answer leads to. */
static void take_location(const struct console_guest *guest, struct text *ret_location)
{
    text_clear(ret_location);
    console_guest_header(guest, "Location", ret_location);
    ck_assert_msg(string_starts_with(text_string(ret_location), "/change/") ||
                      string_starts_with(text_string(ret_location), "/found/") ||
                      string_starts_with(text_string(ret_location), "/why/"),
                  "it leads to \"%s\"", text_string(ret_location));
}

struct change {
    struct console_guest *guest;
    const char *address, *headline;
};

static bool change_says(void *context)
{
    const struct change *change = context;
    ck_assert_int_eq(console_guest_get(change->guest, change->address), 200);
    return strstr(console_guest_body(change->guest), change->headline) != NULL;
}

static void wait_for(struct console_guest *guest, const char *address, const char *headline)
{
    struct change change = {guest, address, headline};
    rig_check(rig, wait_until(change_says, &change, SOON_MS), console_guest_body(guest));
}

/* Plans it; its page is at *ret_address. */
static void plan(struct console_guest *guest, const char *form, struct text *ret_address)
{
    ck_assert_msg(console_guest_post(guest, "/act", form) == 303, "%.200s: %d %.1500s", form,
                  guest->answer.status, strstr(console_guest_body(guest), "<main") ?: "");
    take_location(guest, ret_address);
    ck_assert_int_eq(console_guest_get(guest, text_string(ret_address)), 200);
}

static int go(struct console_guest *guest, const struct text *address)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_format(&form, "change=%s", text_string(address) + strlen("/change/"));
    return console_guest_post(guest, "/act", text_string(&form));
}

static bool journal_has(const char *part)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    ck_assert_int_eq(console_guest_get(&ada, "/journal.json"), 200);
    return strstr(console_guest_body(&ada), part) != NULL;
}

/* Five to main have failed. */
static void fail_five(void)
{
    for (unsigned i = 1; i <= 5; i++)
        rig_receive(rig, "FIRST", 1 + i % 2, 1, i, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 5);
}

/* ---- from click to effect ---- */

START_TEST(what_failed_is_retried)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    fail_five();
    ck_assert_int_eq(console_guest_get(&ada, "/trouble"), 200);
    ck_body(&ada, "value=\"retry\"");
    plan(&ada, "verb=retry&destination=main&state=failed", &address);
    ck_body(&ada, "Retry 5 jobs?");
    ck_body(&ada, "Makes 5 failed jobs to main due now");
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 5, "done without being asked to");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "5 jobs retried");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 5);
    ck_assert(journal_has("ada (console)"));
    ck_assert_int_eq(go(&ada, &address), 409); /* once */
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

START_TEST(what_failed_is_dropped)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    fail_five();
    plan(&ada, "verb=drop&destination=main&state=failed", &address);
    ck_body(&ada, "Drop 5 jobs?");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "dropped", 5, SOON_MS), "not dropped");
    ck_assert(journal_has("ada (console)"));
}
END_TEST

START_TEST(target_is_held_and_released)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    plan(&ada, "verb=hold&destination=main", &address);
    ck_body(&ada, "Hold main?");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    rig_check(rig, rig_wait_target(rig, "main", NULL, "held", SOON_MS), "not held");
    plan(&ada, "verb=hold&destination=main", &address);
    ck_body(&ada, "Nothing would change");
    ck_body(&ada, "main is held already");
    ck_assert_int_eq(go(&ada, &address), 409);
    plan(&ada, "verb=release&destination=main", &address);
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    rig_check(rig, rig_wait_target(rig, "main", NULL, "up", SOON_MS), "not released");
}
END_TEST

START_TEST(condition_is_asked_again)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
    plan(&ada, "verb=reshare&destination=main&album=mr&since=7d", &address);
    wait_for(&ada, text_string(&address), "Nothing would change");
    ck_body(&ada, "for 1 it does not hold");
}
END_TEST

/* The router is away: that is said, nobody waits for it, and nothing is lost. */
START_TEST(without_a_router_it_is_told)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    fail_five();
    rig_kill(rig);
    plan(&ada, "verb=retry&destination=main&state=failed", &address);
    ck_assert_int_eq(go(&ada, &address), 303);
    ck_assert_int_eq(console_guest_get(&viv, "/now.json"), 200);
    wait_for(&ada, text_string(&address), "The router did not answer");
    ck_body(&ada, "is felucca-router running?");
    rig_start(rig);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "failed", 5, SOON_MS), "they are not there any more");
}
END_TEST

/* ---- quarantine ---- */

/* Two files for a node that there is not. */
static void quarantine_two(void)
{
    rig_receive(rig, "NOBODY", 1, 1, 1, NULL);
    rig_receive(rig, "NOBODY", 1, 1, 2, NULL);
    rig_check(rig, rig_wait_quarantined(rig, 2, SOON_MS), "not quarantined");
}

START_TEST(files_in_quarantine_are_taken_in_again)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    quarantine_two();
    ck_assert_int_eq(console_guest_get(&ada, "/trouble"), 200);
    ck_body(&ada, "value=\"quarantine retry\"");
    plan(&ada, "verb=quarantine+retry&reason=no+node&calling_aet=CT01", &address);
    ck_body(&ada, "Take in 2 files again?");
    ck_body(&ada, "Takes in 2 files in quarantine from CT01 (no node)");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "2 files retried");
    rig_check(rig, rig_quarantined(rig) == 2, "taken in though their cause is there");
    ck_assert(journal_has("ada (console)"));
    plan(&ada, "verb=quarantine+retry&reason=no+node&calling_aet=ELSE", &address);
    ck_body(&ada, "There is no file in quarantine from ELSE (no node) any more");
}
END_TEST

/* Moved away, or with now=yes removed for good, which the plan's page leads to. */
START_TEST(files_in_quarantine_are_dropped)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text form = TEXT_EMPTY;
    quarantine_two();
    text_append(&form, "verb=quarantine+drop&reason=no+node");
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Drop 2 files?");
    ck_body(&ada, "kept in spool/dropped for 7 d");
    ck_body(&ada, "Remove for good instead");
    text_append(&form, "&now=yes");
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Remove 2 files for good?");
    ck_body(&ada, "Nobody can bring that back");
    rig_check(rig, rig_quarantined(rig) == 2, "done without being asked to");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    rig_check(rig, rig_quarantined(rig) == 0, "not dropped");
    ck_assert_uint_eq(folder_count(sandbox_path(rig->sandbox, "state/spool/dropped"), ".dcm"), 0);
    ck_assert_int_eq(console_guest_post(&viv, "/act", text_string(&form)), 403);
}
END_TEST

/* ---- what was ticked ---- */

/* The names of the page's ticks, as a form has them. */
static size_t take_picks(const struct console_guest *guest, struct text *form)
{
    size_t count = 0;
    for (const char *at = console_guest_body(guest); (at = strstr(at, "name=\"pick\" value=\"")); count++) {
        at += strlen("name=\"pick\" value=\"");
        text_append(form, "&pick=");
        text_append_bytes(form, at, strcspn(at, "\""));
    }
    return count;
}

START_TEST(lines_are_dropped_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    fail_five();
    quarantine_two();
    ck_assert_int_eq(console_guest_get(&viv, "/trouble"), 200);
    ck_assert_uint_eq(take_picks(&viv, &form), 0);
    ck_assert_int_eq(console_guest_get(&ada, "/trouble"), 200);
    text_append(&form, "verb=drop&of=trouble");
    ck_assert_uint_eq(take_picks(&ada, &form), 2);
    text_append(&form, "&pick=0123456789abcdef"); /* one that went meanwhile */
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Drop 5 jobs and 2 files?");
    ck_body(&ada, "Gives up 5 jobs. What is at the destination stays there");
    ck_body(&ada, "<li>2 files in quarantine from CT01 to NOBODY: no node");
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 5, "done without being asked to");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "5 jobs dropped, 2 files dropped");
    rig_check(rig, rig_jobs(rig, "delivery", "dropped", NULL, NULL) == 5 && rig_quarantined(rig) == 0,
              "not dropped");
    ck_assert(journal_has("ada (console)"));
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
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    answer_until(sharer, WORK_REJECT_OUTCOME, "failed", 2);
    for (unsigned i = 1; i <= 3; i++)
        rig_receive(rig, "FIRST", 2, 1, i, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 3);
}

static void ck_trouble_sum(const char *label, int64_t deliveries, int64_t shares)
{
    ck_assert_msg(rig_jobs(rig, "delivery", "failed", NULL, NULL) == deliveries &&
                      rig_jobs(rig, "share", "failed", NULL, NULL) == shares,
                  "%s: %lld deliveries and %lld shares failed", label,
                  (long long)rig_jobs(rig, "delivery", "failed", NULL, NULL),
                  (long long)rig_jobs(rig, "share", "failed", NULL, NULL));
}

START_TEST(line_means_nothing_beside_it)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, all = TEXT_EMPTY;
    fail_shares_and_deliveries();
    ck_assert_int_eq(console_guest_get(&ada, "/trouble"), 200);
    ck_body(&ada, "name=\"line\" value=\"yes\"");
    ck_body(&ada, "name=\"job_kind\" value=\"delivery\"");
    text_append(&all, "verb=drop&of=trouble");
    ck_assert_uint_eq(take_picks(&ada, &all), 3);
    text_append(&form, "verb=drop&of=trouble");
    take_pick_of(&ada, 3, &form);
    plan(&ada, text_string(&all), &address);
    ck_body(&ada, "Drop 5 jobs?");
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Drop 3 jobs?");
    ck_body(&ada, "Gives up 3 failed deliveries to main");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "3 jobs dropped");
    ck_trouble_sum("one line dropped", 0, 2);
    plan(&ada, "verb=drop&destination=main&state=failed&line=yes&job_kind=share&reason=never", &address);
    ck_body(&ada, "There is no failed share to main (never)");
    text_clear(&all);
    ck_assert_int_eq(console_guest_get(&ada, "/trouble"), 200);
    text_append(&all, "verb=drop&of=trouble");
    ck_assert_uint_eq(take_picks(&ada, &all), 2);
    plan(&ada, text_string(&all), &address);
    ck_body(&ada, "Drop 2 jobs?");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "2 jobs dropped");
    ck_trouble_sum("all lines dropped", 0, 0);
}
END_TEST

START_TEST(failed_shares_of_a_study_are_retried)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    fail_shares_and_deliveries();
    rig_spec(&spec, 1, 1, 1);
    text_format(&page, "/study/%s", spec.study_uid);
    ck_assert_int_eq(console_guest_get(&ada, text_string(&page)), 200);
    ck_body(&ada, "2 shares failed");
    ck_body(&ada, "<b>1 to main/ct</b>");
    ck_body(&ada, "name=\"verb\" value=\"retry\"");
    ck_assert_int_eq(console_guest_get(&ada, "/studies"), 200);
    text_append(&form, "verb=retry&of=studies");
    take_pick_of(&ada, 2, &form);
    ck_body(&ada, "data-count=\"2\" data-can=\"retry drop reshare\"");
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Retry 2 jobs?");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "2 jobs retried");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
    ck_trouble_sum("one study retried", 3, 0);
}
END_TEST

START_TEST(studies_are_retried_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    fail_five(); /* of two studies */
    ck_assert_int_eq(console_guest_get(&ada, "/studies"), 200);
    text_append(&form, "verb=retry&of=studies");
    ck_assert_uint_eq(take_picks(&ada, &form), 2);
    plan(&ada, text_string(&form), &address);
    ck_body(&ada, "Retry 5 jobs?");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    ck_body(&ada, "5 jobs retried");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 5);
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

/* Counted by the router, all of them. */
START_TEST(studies_are_shared_together)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(rig, "FIRST", 2, 1, 2, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 2);
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
    ck_assert_int_eq(console_guest_get(&ada, "/studies"), 200);
    text_append(&form, "verb=reshare&of=studies&to=main/mr");
    ck_assert_uint_eq(take_picks(&ada, &form), 2);
    plan(&ada, text_string(&form), &address);
    wait_for(&ada, text_string(&address), "Nothing would change");
    ck_body(&ada, "for 2 it does not hold");
}
END_TEST

/* What the condition does not let in, a person may; of one study, with a warning. */
START_TEST(study_is_shared_anyway)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, form = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
    rig_spec(&spec, 1, 1, 1);
    text_format(&form, "verb=reshare&destination=main&album=mr&anyway=yes&study=%s", spec.study_uid);
    plan(&ada, text_string(&form), &address);
    wait_for(&ada, text_string(&address), "Share 1 series anyway?");
    ck_body(&ada, "is not asked: 1 series of this study would be shared whatever it says");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "<h1>Done</h1>");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 3);
}
END_TEST

/* Of a line that says it: of these ticks there are 200 at most. */
START_TEST(ticks_are_bounded)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_append(&form, "verb=retry&of=studies");
    for (int i = 0; i < 200; i++)
        text_format(&form, "&pick=1.2.%d", i);
    ck_assert_int_eq(console_guest_post(&ada, "/act", text_string(&form)), 303);
    text_append(&form, "&pick=1.2.200");
    ck_assert_int_eq(console_guest_post(&ada, "/act", text_string(&form)), 400);
    ck_body(&ada, "At most 200 can be chosen at once");
    ck_assert_int_eq(console_guest_get(&ada, "/studies?pick=1.2"), 400);
}
END_TEST

/* ---- sources ---- */

START_TEST(reports_of_a_source_are_held)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    plan(&ada, "verb=hold&source=NEVER", &address);
    ck_body(&ada, "Hold NEVER?");
    ck_body(&ada, "gets no more reports on storage commitment");
    ck_assert_int_eq(go(&ada, &address), 303);
    wait_for(&ada, text_string(&address), "refused it");
    ck_body(&ada, "no source of that title has a port");
    plan(&ada, "verb=release&source=NEVER", &address);
    ck_body(&ada, "NEVER is not held");
}
END_TEST

/* ---- who may not ---- */

START_TEST(viewer_may_not)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    fail_five();
    ck_assert_int_eq(console_guest_get(&viv, "/trouble"), 200);
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "action=\"/act\""));
    ck_assert_int_eq(console_guest_post(&viv, "/act", "verb=drop&destination=main&state=failed"), 403);
    plan(&ada, "verb=drop&destination=main&state=failed", &address);
    ck_assert_int_eq(go(&viv, &address), 403);
    make_user("viv", "operator");
    ck_assert(console_guest_sign_in(&viv, "viv", PASSWORD));
    ck_assert_int_eq(console_guest_get(&viv, "/albums"), 200);
    ck_assert_int_eq(go(&viv, &address), 409); /* another's plan */
    text_clear(&ada.token);
    text_append(&ada.token, text_string(&viv.token));
    ck_assert_int_eq(go(&ada, &address), 403); /* another's form */
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 5, "done all the same");
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
    {"at once, perhaps", "verb=quarantine+drop&reason=x&now=maybe", 400, "anyway and now are yes"},
    {"at once, of a retry", "verb=quarantine+retry&reason=x&now=yes", 400, "no such parameter"},
    {"anyway, of all", "verb=reshare&destination=main&album=ct&since=7d&anyway=yes", 400, "Only a study"},
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
    ck_assert_msg(console_guest_post(&ada, "/act", row->form) == row->status, "%s: %d %s", row->label,
                  ada.answer.status, console_guest_body(&ada));
    ck_body(&ada, row->says);
    ck_assert_ptr_null(strstr(console_guest_body(&ada), "<script>alert"));
}
END_TEST

START_TEST(only_forms_act)
{
    ck_assert_int_eq(console_guest_get(&ada, "/act"), 404);
    ck_assert_int_eq(console_guest_get(&ada, "/act?verb=drop&destination=main"), 400);
    ck_assert_int_eq(console_guest_get(&ada, "/change/0123456789abcdef0123456789abcdef"), 404);
    ck_assert_int_eq(console_guest_post(&ada, "/studies", ""), 405);
    ck_assert_int_eq(console_guest_post(&ada, "/act.json", ""), 405);
}
END_TEST

/* ---- numbers ---- */

static void find(struct console_guest *guest, const char *form, struct text *ret_address)
{
    ck_assert_msg(console_guest_post(guest, "/find", form) == 303, "%.200s: %d %.1500s", form,
                  guest->answer.status, strstr(console_guest_body(guest), "<main") ?: "");
    take_location(guest, ret_address);
}

/* The key stays the router's, and what was typed is nowhere. */
static void ck_forgotten(const char *number)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line, "cd '%s'; grep -ril -- '%s' console.log state/jobs.db* router*.log",
                sandbox_folder(rig->sandbox), number);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    (void)process_run(argv, NULL, SOON_MS, &output);
    ck_assert_msg(!strstr(text_string(&output), "jobs.db") && !strstr(text_string(&output), "console.log\n"),
                  "the number is in %s", text_string(&output));
}

START_TEST(number_is_found)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 1);
    spec.accession_number = "ACC-4711x";
    spec.patient_id = "PAT-0815x";
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_receive(rig, "FIRST", 2, 1, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 2);
    ck_assert_int_eq(console_guest_get(&viv, "/studies"), 200);
    ck_body(&viv, "action=\"/find\"");
    find(&viv, "kind=accession&number=+acc-4711X", &address);
    wait_for(&viv, text_string(&address), "<h1>1 study has this Accession Number</h1>");
    ck_body(&viv, spec.study_uid);
    ck_assert_ptr_null(strcasestr(console_guest_body(&viv), "acc-4711x"));
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 200);
    ck_body(&viv, spec.study_uid);
    ck_assert_ptr_null(strcasestr(console_guest_body(&viv), "acc-4711x"));
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "hash"));
    find(&ada, "kind=patient&number=PAT-0815x", &address);
    wait_for(&ada, text_string(&address), "<h1>1 study has this Patient ID</h1>");
    find(&ada, "kind=study-id&number=PAT-0815x", &address);
    wait_for(&ada, text_string(&address), "<h1>No study has this Study ID</h1>");
    ck_forgotten("acc-4711x"); /* whole: four digits are in some hash by chance */
    ck_forgotten("pat-0815x");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

static const struct form_row find_rows[] = {
    {"no kind", "number=1", 400, "kind is one of"},
    {"another kind", "kind=name&number=1", 400, "kind is one of"},
    {"no number", "kind=patient", 400, "is not blank"},
    {"blanks", "kind=patient&number=+++", 400, "is not blank"},
    {"more", "kind=patient&number=1&all=1", 400, "no such parameter"},
};

START_TEST(number_is_judged)
{
    const struct form_row *row = &find_rows[_i];
    ck_assert_msg(console_guest_post(&viv, "/find", row->form) == row->status, "%s: %d %s", row->label,
                  viv.answer.status, console_guest_body(&viv));
    ck_body(&viv, row->says);
}
END_TEST

START_TEST(a_number_is_in_no_address)
{
    ck_assert_int_eq(console_guest_get(&viv, "/find?kind=patient&number=1"), 400);
    ck_assert_int_eq(console_guest_get(&viv, "/studies?patient=1"), 400);
    ck_assert_int_eq(console_guest_get(&viv, "/find"), 404);
    ck_assert_int_eq(console_guest_get(&viv, "/found/0123456789abcdef0123456789abcdef"), 404);
}
END_TEST

START_TEST(viewers_may_be_kept_from_it)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_reword(rig, "users: users", "users: users, search: operators");
    process_signal(console, SIGHUP);
    while (console_guest_post(&viv, "/find", "kind=patient&number=1") != 403)
        ck_assert_int_eq(viv.answer.status, 303);
    ck_body(&viv, "Only operators");
    ck_assert_int_eq(console_guest_get(&viv, "/studies"), 200);
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "action=\"/find\""));
    find(&ada, "kind=patient&number=1", &address);
    wait_for(&ada, text_string(&address), "No study has this Patient ID");
}
END_TEST

START_TEST(without_a_router_no_number_is_found)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_kill(rig);
    find(&viv, "kind=patient&number=1", &address);
    wait_for(&viv, text_string(&address), "The router did not answer");
    rig_start(rig);
}
END_TEST

/* ---- why, and why not ---- */

static void ask_why(struct console_guest *guest, const char *study, const char *album,
                    struct text *ret_address)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_format(&form, "study=%s&destination=main&album=%s", study, album);
    ck_assert_msg(console_guest_post(guest, "/why", text_string(&form)) == 303, "%d %s", guest->answer.status,
                  console_guest_body(guest));
    take_location(guest, ret_address);
}

/* A viewer, too, sees which part does not hold, and what it saw. */
START_TEST(why_not_is_told_part_by_part)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_spec(&spec, 1, 2, 1);
    rig_receive_spec(rig, "FIRST", &spec, NULL); /* MR */
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    text_format(&page, "/study/%s", spec.study_uid);
    ck_assert_int_eq(console_guest_get(&viv, text_string(&page)), 200);
    ck_body(&viv, "action=\"/why\"");
    ck_body(&viv, ">Why not?</button>");
    ask_why(&viv, spec.study_uid, "ct", &address);
    wait_for(&viv, text_string(&address), "<h1>main/ct: its condition holds for 0 of 1 image</h1>");
    ck_body(&viv, "<code>tagValueIsPresent(#Tag.Modality, &quot;CT&quot;)</code><span class=\"saw\">"
                  "<code>#Tag.Modality</code> is “MR”</span>");
    ask_why(&viv, spec.study_uid, "mr", &address);
    wait_for(&viv, text_string(&address), "<h1>main/mr: its condition holds for 1 of 1 image</h1>");
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 200);
    ck_body(&viv, "\"verdict\":true");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
}
END_TEST

/* The tree of parts is a tree of lists, and each value that names a patient is hidden. */
START_TEST(a_tree_is_drawn)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_stop(rig);
    rig_reword(
        rig, "'tagValueIsPresent(#Tag.Modality, \"CT\")'",
        "'tagValueIsPresent(#Tag.Modality, \"MR\") && !(tagValueContains(#Tag.PatientName, \"Geheim\")'");
    rig_reword(rig, "\"Geheim\")'", "\"Geheim\") || tagValueIsPresent(#Tag.Modality, \"US\"))'");
    rig_start(rig);
    process_signal(console, SIGHUP);
    rig_spec(&spec, 1, 2, 1);
    spec.patient_name = "Geheim^Gerda";
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 1, SOON_MS), "not taken in");
    ask_why(&ada, spec.study_uid, "ct", &address);
    wait_for(&ada, text_string(&address), "<h1>main/ct: its condition holds for 0 of 1 image</h1>");
    ck_body(&ada, "<span class=\"of\">all of</span></div><ul><li>");
    ck_body(&ada, "<span class=\"of\">not</span></div><ul><li>");
    ck_body(&ada,
            "<code>#Tag.PatientName</code> is hidden: it may identify a patient</span></span></div></li>");
    ck_body(&ada,
            "<code>#Tag.Modality</code> is “MR”</span></span></div></li></ul></li></ul></li></ul></li></ul>");
    ck_assert_ptr_null(strstr(console_guest_body(&ada), "Gerda"));
}
END_TEST

/* What the destination itself left out is told as well, of the destination. */
START_TEST(a_destination_tells_why_it_left_something_out)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_stop(rig);
    rig_reword(rig, "      - name: main\n",
               "      - name: main\n        condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")'\n");
    rig_start(rig);
    rig_spec(&spec, 1, 2, 1);
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "excluded", 1, SOON_MS), "it is not left out");
    process_signal(console, SIGHUP);
    text_format(&page, "/study/%s", spec.study_uid);
    wait_for(&ada, text_string(&page), "<span class=\"end\">destination</span>");
    ck_body(&ada, "<article class=\"album\"><header><h3>main</h3>");
    ck_assert_int_eq(console_guest_post(&ada, "/why", "destination=main&study=1.2.3"), 303);
    text_clear(&page);
    text_format(&page, "study=%s&destination=main", spec.study_uid);
    ck_assert_int_eq(console_guest_post(&ada, "/why", text_string(&page)), 303);
    take_location(&ada, &address);
    wait_for(&ada, text_string(&address), "<h1>main: its condition holds for 0 of 1 image</h1>");
    ck_body(&ada, "<code>#Tag.Modality</code> is “MR”");
}
END_TEST

static const struct form_row why_rows[] = {
    {"no study", "destination=main", 400, "study is a Study Instance UID"},
    {"no UID", "study=%00x&destination=main", 400, ""},
    {"no destination", "study=1.2.3", 400, "destination is the name of one"},
    {"more", "study=1.2.3&destination=main&all=1", 400, "no such parameter"},
};

START_TEST(a_question_is_judged)
{
    const struct form_row *row = &why_rows[_i];
    ck_assert_msg(console_guest_post(&viv, "/why", row->form) == row->status, "%s: %d %s", row->label,
                  viv.answer.status, console_guest_body(&viv));
    ck_body(&viv, row->says);
    ck_assert_int_eq(console_guest_get(&viv, "/why"), 404);
    ck_assert_int_eq(console_guest_get(&viv, "/why/0123456789abcdef0123456789abcdef"), 404);
}
END_TEST

START_TEST(what_is_not_there_cannot_be_explained)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    ask_why(&viv, "1.2.3", "elsewhere", &address);
    wait_for(&viv, text_string(&address), "<h1>main/elsewhere: the router refused it</h1>");
    ck_body(&viv, "there is no destination or album");
    ask_why(&viv, "1.2.3", "ct", &address);
    wait_for(&viv, text_string(&address), "no image of this study is known there</h1>");
    rig_kill(rig);
    ask_why(&viv, "1.2.3", "ct", &address);
    wait_for(&viv, text_string(&address), "the router did not answer</h1>");
    rig_start(rig);
}
END_TEST

/* However much viewers ask while the router is away, an operator's plan is made, and stays. */
START_TEST(questions_leave_room_for_changes)
{
    AUTO(text_release) struct text kept = TEXT_EMPTY, address = TEXT_EMPTY;
    rig_kill(rig);
    plan(&ada, "verb=hold&destination=main", &kept);
    unsigned asked = 0, refused = 0;
    for (int i = 0; i < 80; i++) {
        int status = console_guest_post(&viv, "/find", "kind=patient&number=1");
        asked += status == 303;
        refused += status == 503;
    }
    ck_assert_uint_eq(asked + refused, 80);
    ck_assert_uint_gt(asked, 0);
    ck_assert_uint_gt(refused, 0);
    plan(&ada, "verb=hold&destination=other", &address);
    ck_assert_int_eq(console_guest_get(&ada, text_string(&kept)), 200);
    ck_body(&ada, "Hold main?");
    rig_start(rig);
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
    tests_add(tests, lines_are_dropped_together);
    tests_add(tests, line_means_nothing_beside_it);
    tests_add(tests, failed_shares_of_a_study_are_retried);
    tests_add(tests, studies_are_retried_together);
    tests_add(tests, studies_are_shared_together);
    tests_add(tests, study_is_shared_anyway);
    tests_add(tests, ticks_are_bounded);
    tests_add(tests, reports_of_a_source_are_held);
    tests_add(tests, viewer_may_not);
    tests_rows(tests, form_is_judged, ROWS(form_rows));
    tests_add(tests, only_forms_act);
    tests_add(tests, number_is_found);
    tests_rows(tests, number_is_judged, ROWS(find_rows));
    tests_add(tests, a_number_is_in_no_address);
    tests_add(tests, viewers_may_be_kept_from_it);
    tests_add(tests, without_a_router_no_number_is_found);
    tests_add(tests, questions_leave_room_for_changes);
    tests_add(tests, why_not_is_told_part_by_part);
    tests_add(tests, a_tree_is_drawn);
    tests_add(tests, a_destination_tells_why_it_left_something_out);
    tests_rows(tests, a_question_is_judged, ROWS(why_rows));
    tests_add(tests, what_is_not_there_cannot_be_explained);
    return tests_run(tests);
}
