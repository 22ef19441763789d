/* What people try at the console: another condition against the last series, and a file; nothing of it is left. */
#include "common/base/cleanup.h"
#include "tests/support/console_guest.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { SOON_MS = 30000, STUDIES = 4 };

static struct rig *rig;
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

/* One CT series each; the name of the trial is written with a hyphen. */
static void receive_studies(void)
{
    for (unsigned study = 1; study <= STUDIES; study++) {
        struct dicom_spec spec;
        rig_spec(&spec, study, 1, 1);
        spec.study_description = "TRIAL-7 <b>&";
        spec.patient_name = "Geheim^Gerda";
        rig_receive_spec(rig, "FIRST", &spec, NULL);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, STUDIES, SOON_MS), "not taken in");
}

static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    ada = viv = (struct console_guest){0};
    ada.port = viv.port = port_free();
    text_format(&more, "console: { port: %d, users: users }\n", ada.port);
    rig = rig_create(text_string(&more));
    receive_studies();
    make_user("ada", "operator");
    make_user("viv", "viewer");
    make_user("eve", "viewer");
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", rig->config, NULL};
    const struct process_options options = {.output = sandbox_path(rig->sandbox, "console.log")};
    console = process_start(argv, &options);
    ck_assert(wait_until(console_listens, NULL, SOON_MS));
    ck_assert(console_guest_sign_in(&ada, "ada", "correct+horse"));
    ck_assert(console_guest_sign_in(&viv, "viv", "correct+horse"));
    ck_assert_int_eq(console_guest_get(&ada, "/try"), 200);
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200);
}

static void tear_down(void)
{
    console_guest_release(&ada);
    console_guest_release(&viv);
    process_destroy(&console);
    rig_destroy(&rig);
}

static void ck_body(const struct console_guest *guest, const char *part)
{
    ck_assert_msg(strstr(console_guest_body(guest), part), "no %s in %s", part, console_guest_body(guest));
}

static void take_location(const struct console_guest *guest, struct text *ret_location)
{
    text_clear(ret_location);
    console_guest_header(guest, "Location", ret_location);
    ck_assert_msg(guest->answer.status == 303 && string_starts_with(text_string(ret_location), "/tried/"),
                  "%d %s", guest->answer.status, console_guest_body(guest));
}

struct page {
    struct console_guest *guest;
    const char *address, *words;
};

static bool page_says(void *context)
{
    const struct page *page = context;
    ck_assert_int_eq(console_guest_get(page->guest, page->address), 200);
    return strstr(console_guest_body(page->guest), page->words) != NULL;
}

static void wait_for(struct console_guest *guest, const char *address, const char *words)
{
    struct page page = {guest, address, words};
    rig_check(rig, wait_until(page_says, &page, SOON_MS), console_guest_body(guest));
}

/* ---- another condition ---- */

START_TEST(the_form_has_the_condition_of_now)
{
    ck_assert_int_eq(console_guest_get(&viv, "/albums"), 200);
    ck_body(&viv,
            "<form class=\"btns\" action=\"/try\" method=\"get\"><input type=\"hidden\" name=\"destination\" "
            "value=\"main\"><input type=\"hidden\" name=\"album\" value=\"ct\">");
    ck_assert_int_eq(console_guest_get(&viv, "/try?destination=main&album=ct"), 200);
    ck_body(&viv, "<h1>Try another condition for main/ct</h1>");
    ck_body(&viv, ">tagValueIsPresent(#Tag.Modality, &quot;CT&quot;)</textarea>");
    ck_assert_int_eq(console_guest_get(&viv, "/try?destination=main&album=xx"), 404);
    ck_assert_int_eq(console_guest_get(&viv, "/try?album=ct"), 404);
    ck_assert_int_eq(console_guest_get(&viv, "/tried/0123456789abcdef0123456789abcdef"), 404);
}
END_TEST

START_TEST(another_condition_is_counted)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    (void)console_guest_post(
        &viv, "/try",
        "destination=main&album=ct&expression=tagValueIsPresent(%23Tag.Modality,+%22CT%22)%0D%0A"
        "%26%26+tagValueBeginsWith(%23Tag.StudyDescription,+%22TRIAL_7%22)");
    take_location(&viv, &address);
    wait_for(&viv, text_string(&address), "<h1>main/ct: would match 0 of 4 series, today 4</h1>");
    ck_body(&viv, "<b>4 fewer</b>");
    ck_body(&viv, "It never held. <code>#Tag.StudyDescription</code>:<span class=\"saw\">4 are “TRIAL-7 "
                  "&lt;b&gt;&amp;”</span>");
    ck_body(&viv, "\n&amp;&amp; tagValueBeginsWith("); /* the form has it again, with its lines */
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 200);
    ck_body(&viv, "\"would\":{\"yes\":0,\"no\":4,\"undecided\":0}");
    ck_body(&viv, "\"never\":true");
}
END_TEST

START_TEST(a_wrong_condition_shows_its_place)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    (void)console_guest_post(&viv, "/try", "destination=main&expression=tagIsPresnt(%23Tag.Modality)");
    take_location(&viv, &address);
    wait_for(&viv, text_string(&address), "<h1>main: this is no condition</h1>");
    ck_body(&viv,
            "unknown function &quot;tagIsPresnt&quot;\n  tagIsPresnt(#Tag.Modality)\n  ^~~~~~~~~~~ did you "
            "mean tagIsPresent?");
}
END_TEST

/* By what is counted a name could be guessed: operators alone may ask that. */
START_TEST(what_identifies_is_for_operators)
{
    static const char form[] =
        "destination=main&album=ct&expression=tagValueBeginsWith(%23Tag.PatientName,+%22Gehejm%22)";
    AUTO(text_release) struct text address = TEXT_EMPTY, log = TEXT_EMPTY;
    (void)console_guest_post(&viv, "/try", form);
    take_location(&viv, &address);
    wait_for(&viv, text_string(&address), "<h1>main/ct: the router refused it</h1>");
    ck_body(&viv, "only operators may try that");
    (void)console_guest_post(&ada, "/try", form);
    take_location(&ada, &address);
    wait_for(&ada, text_string(&address), "<h1>main/ct: would match 0 of 4 series, today 4</h1>");
    ck_body(&ada, "values are hidden: they may identify a patient");
    ck_assert_ptr_null(strstr(console_guest_body(&ada), "Gerda"));
    /* Whoever has the address, but is no operator, has nothing of it. */
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 404);
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "Gehejm"));
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 404);
    ck_assert_int_eq(console_guest_get(&ada, text_string(&address)), 200);
    ck_assert(!rig_log_says(rig, "Gehejm"));
    file_read(sandbox_path(rig->sandbox, "console.log"), &log);
    ck_assert_ptr_null(strstr(text_string(&log), "Gehejm"));
}
END_TEST

/* ---- a file ---- */

static void write_file(struct text *ret_bytes)
{
    struct dicom_spec spec;
    rig_spec(&spec, 77, 2, 1); /* MR */
    spec.patient_name = "Geheim^Heimlich";
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(rig->sandbox, "try.dcm")), 0);
    file_read(sandbox_path(rig->sandbox, "try.dcm"), ret_bytes);
    ck_assert_int_eq(remove(sandbox_path(rig->sandbox, "try.dcm")), 0);
}

static void ck_nowhere(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *word = context;
    file_read(path, &content);
    ck_assert_msg(!memmem(text_string(&content), content.length, word, strlen(word)), "%s is in %s", word,
                  path);
}

START_TEST(a_file_is_judged_and_forgotten)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, bytes = TEXT_EMPTY;
    write_file(&bytes);
    (void)console_guest_send_file(&viv, "/tryfile", "Geheim Heimlich.dcm", bytes.bytes, bytes.length);
    take_location(&viv, &address);
    wait_for(&viv, text_string(&address),
             "<h1>The file: 2 of 2 destinations take it, 2 of 3 albums get it</h1>");
    ck_body(&viv, "<b>main/ct</b> <span class=\"word off\">");
    ck_body(&viv, "<code>#Tag.Modality</code> is “MR”");
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "Heimlich"));
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&viv, text_string(&address)), 200);
    ck_body(&viv, "\"destination\":\"other\"");
    ck_assert_ptr_null(strstr(console_guest_body(&viv), "Heimlich"));
    ck_assert_int_eq(rig_jobs(rig, "delivery", NULL, NULL, NULL), STUDIES);
    rig_stop(rig);
    folder_walk(rig->state, ck_nowhere, "Heimlich");
    ck_nowhere("Heimlich", sandbox_path(rig->sandbox, "console.log"));
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, large = TEXT_EMPTY;
    (void)console_guest_send_file(&viv, "/tryfile", "a.pdf", "%PDF-1.4", 8);
    take_location(&viv, &address);
    wait_for(&viv, text_string(&address), "<h1>The file: the router refused it</h1>");
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200);
    ck_assert_int_eq(console_guest_send_file(&viv, "/tryfile", "a", "", 0), 400);
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200);
    while (large.length < (size_t)300 * 1024)
        text_append_char(&large, 'x');
    ck_assert_int_eq(console_guest_send_file(&viv, "/tryfile", "a", large.bytes, large.length), 413);
    ck_body(&viv, "256 KiB");
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200);
    while (large.length < (size_t)2 * 1024 * 1024)
        text_append_char(&large, 'x');
    ck_assert_int_eq(console_guest_send_file(&viv, "/tryfile", "a", large.bytes, large.length), 413);
    ck_body(&viv, "With scripts the page cuts it");
}
END_TEST

/* ---- forms ---- */

static const struct form_row {
    const char *label, *path, *form;
    int status;
    const char *says;
} form_rows[] = {
    {"no condition", "/try", "destination=main", 400, "expression is a condition"},
    {"no destination", "/try", "expression=true", 400, "destination is the name of one"},
    {"a control character", "/try", "destination=main&expression=%1B[2J", 400, "not well-formed"},
    {"lines elsewhere", "/try", "destination=ma%0Ain&expression=true", 400, "not well-formed"},
    {"more", "/try", "destination=main&expression=true&study=1.2", 400, "no such parameter"},
    {"no file", "/tryfile", "file=abc", 415, "multipart/form-data"},
};

START_TEST(a_form_is_judged)
{
    const struct form_row *row = &form_rows[_i];
    ck_assert_msg(console_guest_post(&viv, row->path, row->form) == row->status, "%s: %d %s", row->label,
                  viv.answer.status, console_guest_body(&viv));
    ck_body(&viv, row->says);
}
END_TEST

START_TEST(a_form_of_another_session_does_not_count)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    write_file(&bytes);
    text_clear(&viv.token);
    text_append(&viv.token, text_string(&ada.token));
    ck_assert_int_eq(console_guest_send_file(&viv, "/tryfile", "a", bytes.bytes, bytes.length), 403);
    ck_assert_int_eq(console_guest_post(&viv, "/try", "destination=main&expression=true"), 403);
    text_clear(&viv.cookie);
    ck_assert_int_ne(console_guest_send_file(&viv, "/tryfile", "a", bytes.bytes, bytes.length), 303);
}
END_TEST

/* ---- who waits for whom ---- */

/* One that takes long, here for want of a router, holds up neither another question nor another's trial. */
START_TEST(trials_leave_room_for_other_questions)
{
    static const char form[] = "destination=main&album=ct&expression=true";
    struct console_guest third = {.port = ada.port}, again = {.port = ada.port};
    ck_assert(console_guest_sign_in(&third, "eve", "correct+horse"));
    ck_assert(console_guest_sign_in(&again, "viv", "correct+horse"));
    ck_assert_int_eq(console_guest_get(&again, "/try"), 200);
    ck_assert_int_eq(console_guest_get(&third, "/try"), 200);
    rig_kill(rig);
    ck_assert_int_eq(console_guest_post(&viv, "/try", form), 303);
    ck_assert_int_eq(console_guest_post(&viv, "/try", form), 503); /* one of each person … */
    ck_body(&viv, "Wait until some of it is done");
    ck_assert_int_eq(console_guest_post(&again, "/try", form), 503); /* … whatever his sessions */
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200);
    ck_assert_int_eq(console_guest_post(&ada, "/try", form), 303);
    ck_assert_int_eq(console_guest_post(&third, "/try", form), 503); /* and two in all */
    ck_assert_int_eq(console_guest_get(&third, "/try"), 200);
    ck_assert_int_eq(console_guest_post(&third, "/find", "kind=patient&number=1"), 303);
    ck_assert_int_eq(console_guest_post(&viv, "/find", "kind=patient&number=2"), 303);
    console_guest_release(&third);
    console_guest_release(&again);
    rig_start(rig);
}
END_TEST

/* Without a router a question takes long. */
START_TEST(questions_leave_room_for_other_people)
{
    static const char form[] = "kind=patient&number=1";
    rig_kill(rig);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(console_guest_post(&viv, "/find", form), 303);
    ck_assert_int_eq(console_guest_post(&viv, "/find", form), 503);
    ck_assert_int_eq(console_guest_get(&ada, "/studies"), 200);
    ck_assert_int_eq(console_guest_post(&ada, "/find", form), 303);
    rig_start(rig);
}
END_TEST

static void ck_post(const char *label, struct console_guest *guest, const char *path, const char *form,
                    int status)
{
    ck_assert_int_eq(console_guest_get(guest, "/studies"), 200); /* for its token */
    int got = console_guest_post(guest, path, form);
    ck_assert_msg(got == status, "%s: %d", label, got);
    if (status == 503)
        ck_body(guest, "Wait until some of it is done");
}

#define CHANGE   "/act", "verb=reshare&destination=main&album=mr&since=7d"
#define QUESTION "/find", "kind=patient&number=1"

/* Without a router a change is counted for long. */
START_TEST(a_person_leaves_two_to_others)
{
    rig_kill(rig);
    for (int i = 0; i < 4; i++)
        ck_post("a change", &ada, CHANGE, 303);
    for (int i = 0; i < 2; i++)
        ck_post("a question", &ada, QUESTION, 303);
    ck_post("a seventh, a question", &ada, QUESTION, 503);
    ck_post("a seventh, a change", &ada, CHANGE, 503);
    for (int i = 0; i < 2; i++)
        ck_post("another's question", &viv, QUESTION, 303);
    rig_start(rig);
}
END_TEST

START_TEST(changes_leave_two_to_questions)
{
    struct console_guest bob = {.port = ada.port};
    make_user("bob", "operator");
    ck_assert(console_guest_sign_in(&bob, "bob", "correct+horse"));
    rig_kill(rig);
    for (int i = 0; i < 4; i++)
        ck_post("a change", &ada, CHANGE, 303);
    for (int i = 0; i < 2; i++)
        ck_post("another's change", &bob, CHANGE, 303);
    ck_post("a seventh change", &bob, CHANGE, 503);
    for (int i = 0; i < 2; i++)
        ck_post("a question", &viv, QUESTION, 303);
    console_guest_release(&bob);
    rig_start(rig);
}
END_TEST

static bool asks(void *context)
{
    (void)context;
    return console_guest_post(&viv, "/find", "kind=patient&number=2") == 303;
}

/* However much another asks. */
START_TEST(an_answer_stays_where_another_asks_much)
{
    enum { MUCH = 70 };
    AUTO(text_release) struct text kept = TEXT_EMPTY, first = TEXT_EMPTY;
    ck_assert_int_eq(console_guest_get(&ada, "/studies"), 200);
    ck_assert_int_eq(console_guest_post(&ada, "/find", "kind=patient&number=1"), 303);
    console_guest_header(&ada, "Location", &kept);
    wait_for(&ada, text_string(&kept), "No study has this Patient ID");
    for (int i = 0; i < MUCH; i++) {
        rig_check(rig, wait_until(asks, NULL, SOON_MS), "a question is never taken");
        if (i == 0)
            console_guest_header(&viv, "Location", &first);
    }
    ck_assert_int_eq(console_guest_get(&ada, text_string(&kept)), 200);
    ck_assert_int_eq(console_guest_get(&viv, text_string(&first)), 404);
}
END_TEST

/* A page that was made before is given again after it, for as long as it is new. */
static bool is_given_again(void *context)
{
    AUTO(text_release) struct text before = TEXT_EMPTY;
    const char *path = context, *form = strcmp(path, "/act") == 0 ? "verb=hold&destination=main" : "kind=x";
    int wanted = strcmp(path, "/act") == 0 ? 403 : 400;
    ck_assert_int_eq(console_guest_get(&viv, "/try"), 200); /* has the token */
    ck_assert_int_eq(console_guest_get(&viv, "/now.json"), 200);
    text_append(&before, console_guest_body(&viv));
    ck_assert_int_eq(console_guest_post(&viv, path, form), wanted);
    ck_assert_int_eq(console_guest_get(&viv, "/now.json"), 200);
    return strcmp(text_string(&before), console_guest_body(&viv)) == 0;
}

static const char *const vain[] = {"/act", "/why"};

START_TEST(what_changes_nothing_leaves_pages_as_they_are)
{
    ck_assert_msg(wait_until(is_given_again, (void *)(uintptr_t)vain[_i], SOON_MS), "%s", vain[_i]);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console trial");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_add(tests, the_form_has_the_condition_of_now);
    tests_add(tests, another_condition_is_counted);
    tests_add(tests, a_wrong_condition_shows_its_place);
    tests_add(tests, what_identifies_is_for_operators);
    tests_add(tests, a_file_is_judged_and_forgotten);
    tests_add(tests, what_is_no_file_is_refused);
    tests_rows(tests, a_form_is_judged, ROWS(form_rows));
    tests_add(tests, a_form_of_another_session_does_not_count);
    tests_add(tests, trials_leave_room_for_other_questions);
    tests_add(tests, questions_leave_room_for_other_people);
    tests_add(tests, a_person_leaves_two_to_others);
    tests_add(tests, changes_leave_two_to_questions);
    tests_add(tests, an_answer_stays_where_another_asks_much);
    tests_rows(tests, what_changes_nothing_leaves_pages_as_they_are, ROWS(vain));
    return tests_run(tests);
}
