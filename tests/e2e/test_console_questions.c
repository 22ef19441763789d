/* What everybody may ask at the console: which study has a number, and why an album got a study, or did not. */
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

struct asked_row {
    const char *label, *form;
    int status;
    const char *says;
};

/* ---- numbers ---- */

static void find(struct console_guest *guest, const char *form, struct text *ret_address)
{
    ck_assert_msg(console_guest_post(guest, "/find", form) == 303, "%.200s: %d %.1500s", form,
                  guest->answer.status, strstr(console_guest_body(guest), "<main") ?: "");
    desk_take_location(guest, ret_address);
}

/* The key stays the router's, and what was typed is nowhere. */
static void ck_forgotten(const char *number)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line, "cd '%s'; grep -ril -- '%s' console.log state/jobs.db* router*.log",
                sandbox_folder(desk->rig->sandbox), number);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    (void)process_run(argv, NULL, DESK_SOON_MS, &output);
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
    rig_receive_spec(desk->rig, "FIRST", &spec, NULL);
    rig_receive(desk->rig, "FIRST", 2, 1, 1, NULL);
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 2);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/studies"), 200);
    desk_ck_body(&desk->viv, "action=\"/find\"");
    find(&desk->viv, "kind=accession&number=+acc-4711X", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address), "<h1>1 study has this Accession Number</h1>");
    desk_ck_body(&desk->viv, spec.study_uid);
    ck_assert_ptr_null(strcasestr(console_guest_body(&desk->viv), "acc-4711x"));
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&desk->viv, text_string(&address)), 200);
    desk_ck_body(&desk->viv, spec.study_uid);
    ck_assert_ptr_null(strcasestr(console_guest_body(&desk->viv), "acc-4711x"));
    ck_assert_ptr_null(strstr(console_guest_body(&desk->viv), "hash"));
    find(&desk->ada, "kind=patient&number=PAT-0815x", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>1 study has this Patient ID</h1>");
    find(&desk->ada, "kind=study-id&number=PAT-0815x", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "<h1>No study has this Study ID</h1>");
    ck_forgotten("acc-4711x"); /* whole: four digits are in some hash by chance */
    ck_forgotten("pat-0815x");
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

static const struct asked_row find_rows[] = {
    {"no kind", "number=1", 400, "kind is one of"},
    {"another kind", "kind=name&number=1", 400, "kind is one of"},
    {"no number", "kind=patient", 400, "is not blank"},
    {"blanks", "kind=patient&number=+++", 400, "is not blank"},
    {"more", "kind=patient&number=1&all=1", 400, "no such parameter"},
};

START_TEST(number_is_judged)
{
    const struct asked_row *row = &find_rows[_i];
    ck_assert_msg(console_guest_post(&desk->viv, "/find", row->form) == row->status, "%s: %d %s", row->label,
                  desk->viv.answer.status, console_guest_body(&desk->viv));
    desk_ck_body(&desk->viv, row->says);
}
END_TEST

START_TEST(a_number_is_in_no_address)
{
    ck_assert_int_eq(console_guest_get(&desk->viv, "/find?kind=patient&number=1"), 400);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/studies?patient=1"), 400);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/find"), 404);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/found/0123456789abcdef0123456789abcdef"), 404);
}
END_TEST

START_TEST(viewers_may_be_kept_from_it)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_reword(desk->rig, "users: users", "users: users, search: operators");
    process_signal(desk->console, SIGHUP);
    while (console_guest_post(&desk->viv, "/find", "kind=patient&number=1") != 403)
        ck_assert_int_eq(desk->viv.answer.status, 303);
    desk_ck_body(&desk->viv, "Only operators");
    ck_assert_int_eq(console_guest_get(&desk->viv, "/studies"), 200);
    ck_assert_ptr_null(strstr(console_guest_body(&desk->viv), "action=\"/find\""));
    find(&desk->ada, "kind=patient&number=1", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address), "No study has this Patient ID");
}
END_TEST

START_TEST(without_a_router_no_number_is_found)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    rig_kill(desk->rig);
    find(&desk->viv, "kind=patient&number=1", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address), "The router did not answer");
    rig_start(desk->rig);
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
    desk_take_location(guest, ret_address);
}

/* A viewer, too, sees which part does not hold, and what it saw. */
START_TEST(why_not_is_told_part_by_part)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_spec(&spec, 1, 2, 1);
    rig_receive_spec(desk->rig, "FIRST", &spec, NULL); /* MR */
    desk_answer_until(desk, desk->sender, WORK_DONE_OUTCOME, "sent", 1);
    text_format(&page, "/study/%s", spec.study_uid);
    ck_assert_int_eq(console_guest_get(&desk->viv, text_string(&page)), 200);
    desk_ck_body(&desk->viv, "action=\"/why\"");
    desk_ck_body(&desk->viv, ">Why not?</button>");
    ask_why(&desk->viv, spec.study_uid, "ct", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address),
                  "<h1>main/ct: its condition holds for 0 of 1 image</h1>");
    desk_ck_body(&desk->viv,
                 "<code>tagValueIsPresent(#Tag.Modality, &quot;CT&quot;)</code><span class=\"saw\">"
                 "<code>#Tag.Modality</code> is “MR”</span>");
    ask_why(&desk->viv, spec.study_uid, "mr", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address),
                  "<h1>main/mr: its condition holds for 1 of 1 image</h1>");
    text_append(&address, ".json");
    ck_assert_int_eq(console_guest_get(&desk->viv, text_string(&address)), 200);
    desk_ck_body(&desk->viv, "\"verdict\":true");
    desk_answer_until(desk, desk->sharer, WORK_DONE_OUTCOME, "shared", 2);
}
END_TEST

/* The tree of parts is a tree of lists, and each value that names a patient is hidden. */
START_TEST(a_tree_is_drawn)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_stop(desk->rig);
    rig_reword(
        desk->rig, "'tagValueIsPresent(#Tag.Modality, \"CT\")'",
        "'tagValueIsPresent(#Tag.Modality, \"MR\") && !(tagValueContains(#Tag.PatientName, \"Geheim\")'");
    rig_reword(desk->rig, "\"Geheim\")'", "\"Geheim\") || tagValueIsPresent(#Tag.Modality, \"US\"))'");
    rig_start(desk->rig);
    process_signal(desk->console, SIGHUP);
    rig_spec(&spec, 1, 2, 1);
    spec.patient_name = "Geheim^Gerda";
    rig_receive_spec(desk->rig, "FIRST", &spec, NULL);
    rig_check(desk->rig, rig_wait_jobs(desk->rig, "delivery", NULL, 1, DESK_SOON_MS), "not taken in");
    ask_why(&desk->ada, spec.study_uid, "ct", &address);
    desk_wait_for(desk, &desk->ada, text_string(&address),
                  "<h1>main/ct: its condition holds for 0 of 1 image</h1>");
    desk_ck_body(&desk->ada, "<span class=\"of\">all of</span></div><ul><li>");
    desk_ck_body(&desk->ada, "<span class=\"of\">not</span></div><ul><li>");
    desk_ck_body(
        &desk->ada,
        "<code>#Tag.PatientName</code> is hidden: it may identify a patient</span></span></div></li>");
    desk_ck_body(
        &desk->ada,
        "<code>#Tag.Modality</code> is “MR”</span></span></div></li></ul></li></ul></li></ul></li></ul>");
    ck_assert_ptr_null(strstr(console_guest_body(&desk->ada), "Gerda"));
}
END_TEST

/* What the destination itself left out is told as well, of the destination. */
START_TEST(a_destination_tells_why_it_left_something_out)
{
    AUTO(text_release) struct text address = TEXT_EMPTY, page = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_stop(desk->rig);
    rig_reword(desk->rig, "      - name: main\n",
               "      - name: main\n        condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")'\n");
    rig_start(desk->rig);
    rig_spec(&spec, 1, 2, 1);
    rig_receive_spec(desk->rig, "FIRST", &spec, NULL);
    rig_check(desk->rig, rig_wait_jobs(desk->rig, "delivery", "excluded", 1, DESK_SOON_MS),
              "it is not left out");
    process_signal(desk->console, SIGHUP);
    text_format(&page, "/study/%s", spec.study_uid);
    desk_wait_for(desk, &desk->ada, text_string(&page), "<span class=\"end\">destination</span>");
    desk_ck_body(&desk->ada, "<article class=\"album\"><header><h3>main</h3>");
    ck_assert_int_eq(console_guest_post(&desk->ada, "/why", "destination=main&study=1.2.3"), 303);
    text_clear(&page);
    text_format(&page, "study=%s&destination=main", spec.study_uid);
    ck_assert_int_eq(console_guest_post(&desk->ada, "/why", text_string(&page)), 303);
    desk_take_location(&desk->ada, &address);
    desk_wait_for(desk, &desk->ada, text_string(&address),
                  "<h1>main: its condition holds for 0 of 1 image</h1>");
    desk_ck_body(&desk->ada, "<code>#Tag.Modality</code> is “MR”");
}
END_TEST

static const struct asked_row why_rows[] = {
    {"no study", "destination=main", 400, "study is a Study Instance UID"},
    {"no UID", "study=%00x&destination=main", 400, ""},
    {"no destination", "study=1.2.3", 400, "destination is the name of one"},
    {"more", "study=1.2.3&destination=main&all=1", 400, "no such parameter"},
};

START_TEST(a_question_is_judged)
{
    const struct asked_row *row = &why_rows[_i];
    ck_assert_msg(console_guest_post(&desk->viv, "/why", row->form) == row->status, "%s: %d %s", row->label,
                  desk->viv.answer.status, console_guest_body(&desk->viv));
    desk_ck_body(&desk->viv, row->says);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/why"), 404);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/why/0123456789abcdef0123456789abcdef"), 404);
}
END_TEST

START_TEST(what_is_not_there_cannot_be_explained)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    ask_why(&desk->viv, "1.2.3", "elsewhere", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address), "<h1>main/elsewhere: the router refused it</h1>");
    desk_ck_body(&desk->viv, "there is no destination or album");
    ask_why(&desk->viv, "1.2.3", "ct", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address), "no image of this study is known there</h1>");
    rig_kill(desk->rig);
    ask_why(&desk->viv, "1.2.3", "ct", &address);
    desk_wait_for(desk, &desk->viv, text_string(&address), "the router did not answer</h1>");
    rig_start(desk->rig);
}
END_TEST

/* However much viewers ask while the router is away, an operator's plan is made, and stays. */
START_TEST(questions_leave_room_for_changes)
{
    AUTO(text_release) struct text kept = TEXT_EMPTY, address = TEXT_EMPTY;
    rig_kill(desk->rig);
    desk_plan(&desk->ada, "verb=hold&destination=main", &kept);
    unsigned asked = 0, refused = 0;
    for (int i = 0; i < 80; i++) {
        int status = console_guest_post(&desk->viv, "/find", "kind=patient&number=1");
        asked += status == 303;
        refused += status == 503;
    }
    ck_assert_uint_eq(asked + refused, 80);
    ck_assert_uint_gt(asked, 0);
    ck_assert_uint_gt(refused, 0);
    desk_plan(&desk->ada, "verb=hold&destination=other", &address);
    ck_assert_int_eq(console_guest_get(&desk->ada, text_string(&kept)), 200);
    desk_ck_body(&desk->ada, "Hold main?");
    rig_start(desk->rig);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console questions");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
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
