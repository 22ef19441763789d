#include "tests/support/desk.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"

#include <check.h>
#include <string.h>

void desk_make_user(struct desk *desk, const char *name, const char *role)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line,
                "echo 'correct horse' | " FELUCCA_BIN "/felucca --config '%s' console passwd %s --role %s",
                desk->rig->config, name, role);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    ck_assert_msg(process_run(argv, NULL, DESK_SOON_MS, &output) == 0, "%s", text_string(&output));
}

static bool console_listens(void *context)
{
    const struct desk *desk = context;
    return port_accepts(desk->ada.port);
}

static void start_console(struct desk *desk)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", desk->rig->config, NULL};
    const struct process_options options = {.output = sandbox_path(desk->rig->sandbox, "console.log")};
    desk->console = process_start(argv, &options);
    ck_assert(wait_until(console_listens, desk, DESK_SOON_MS));
}

struct desk *desk_create(const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    struct desk *desk = memory_new(1, sizeof *desk);
    desk->ada.port = desk->viv.port = port_free();
    text_format(&yaml, "console: { port: %d, users: users }\n%s", desk->ada.port, more ? more : "");
    desk->rig = rig_create(text_string(&yaml));
    desk->sender = cast_add(desk->rig->cast, WORK_SEND, 8);
    desk->sharer = cast_add(desk->rig->cast, WORK_SHARE, 8);
    rig_check(desk->rig, actor_wait_greeted(desk->rig->cast, desk->sender, DESK_SOON_MS), "no sender");
    rig_check(desk->rig, actor_wait_greeted(desk->rig->cast, desk->sharer, DESK_SOON_MS), "no sharer");
    desk_make_user(desk, "ada", "operator");
    desk_make_user(desk, "viv", "viewer");
    start_console(desk);
    ck_assert(console_guest_sign_in(&desk->ada, "ada", DESK_PASSWORD));
    ck_assert(console_guest_sign_in(&desk->viv, "viv", DESK_PASSWORD));
    ck_assert_int_eq(console_guest_get(&desk->ada, "/albums"), 200);
    ck_assert_int_eq(console_guest_get(&desk->viv, "/albums"), 200);
    return desk;
}

void desk_destroy(struct desk **desk)
{
    if (!*desk)
        return;
    console_guest_release(&(*desk)->ada);
    console_guest_release(&(*desk)->viv);
    process_destroy(&(*desk)->console);
    rig_destroy(&(*desk)->rig);
    memory_free(desk);
}

/* ---- what happens at the gateway ---- */

void desk_answer_until(struct desk *desk, struct actor *actor, enum work_outcome outcome, const char *state,
                       int64_t count)
{
    const char *kind = actor->stage == WORK_SEND ? "delivery" : "share";
    while (rig_jobs(desk->rig, kind, state, NULL, NULL) < count) {
        struct work *work = actor_wait_work(desk->rig->cast, actor, DESK_SOON_MS);
        rig_check(desk->rig, work != NULL, state);
        rig_check(desk->rig, actor_finish(desk->rig->cast, actor, work, outcome), "not acknowledged");
        work_destroy(&work);
    }
}

void desk_fail_five(struct desk *desk)
{
    for (unsigned i = 1; i <= 5; i++)
        rig_receive(desk->rig, "FIRST", 1 + i % 2, 1, i, NULL);
    desk_answer_until(desk, desk->sender, WORK_REJECT_OUTCOME, "failed", 5);
}

void desk_quarantine_two(struct desk *desk)
{
    rig_receive(desk->rig, "NOBODY", 1, 1, 1, NULL);
    rig_receive(desk->rig, "NOBODY", 1, 1, 2, NULL);
    rig_check(desk->rig, rig_wait_quarantined(desk->rig, 2, DESK_SOON_MS), "not quarantined");
}

/* ---- what a guest does and sees ---- */

void desk_ck_body(const struct console_guest *guest, const char *part)
{
    const char *body = console_guest_body(guest), *main = strstr(body, "<main"); /* what Check takes of it */
    ck_assert_msg(strstr(body, part), "no %s in %.1500s", part, main ? main : body);
}

void desk_take_location(const struct console_guest *guest, struct text *ret_location)
{
    text_clear(ret_location);
    console_guest_header(guest, "Location", ret_location);
    ck_assert_msg(string_starts_with(text_string(ret_location), "/change/") ||
                      string_starts_with(text_string(ret_location), "/found/") ||
                      string_starts_with(text_string(ret_location), "/why/"),
                  "it leads to \"%s\"", text_string(ret_location));
}

struct awaited {
    struct console_guest *guest;
    const char *address, *part;
};

static bool page_has(void *context)
{
    const struct awaited *awaited = context;
    ck_assert_int_eq(console_guest_get(awaited->guest, awaited->address), 200);
    return strstr(console_guest_body(awaited->guest), awaited->part) != NULL;
}

void desk_wait_for(struct desk *desk, struct console_guest *guest, const char *address, const char *part)
{
    struct awaited awaited = {guest, address, part};
    rig_check(desk->rig, wait_until(page_has, &awaited, DESK_SOON_MS), console_guest_body(guest));
}

void desk_plan(struct console_guest *guest, const char *form, struct text *ret_address)
{
    ck_assert_msg(console_guest_post(guest, "/act", form) == 303, "%.200s: %d %.1500s", form,
                  guest->answer.status, strstr(console_guest_body(guest), "<main") ?: "");
    desk_take_location(guest, ret_address);
    ck_assert_int_eq(console_guest_get(guest, text_string(ret_address)), 200);
}

int desk_go(struct console_guest *guest, const struct text *address)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_format(&form, "change=%s", text_string(address) + strlen("/change/"));
    return console_guest_post(guest, "/act", text_string(&form));
}

bool desk_journal_has(struct desk *desk, const char *part)
{
    ck_assert_int_eq(console_guest_get(&desk->ada, "/journal.json"), 200);
    return strstr(console_guest_body(&desk->ada), part) != NULL;
}

size_t desk_take_picks(const struct console_guest *guest, struct text *form)
{
    size_t count = 0;
    for (const char *at = console_guest_body(guest); (at = strstr(at, "name=\"pick\" value=\"")); count++) {
        at += strlen("name=\"pick\" value=\"");
        text_append(form, "&pick=");
        text_append_bytes(form, at, strcspn(at, "\""));
    }
    return count;
}
