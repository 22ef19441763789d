/* Nothing but the tables of states.h moves a job: every move that they have is made, every other one is not,
 * and no SQL text names a state that it writes. */
#include "common/jobs/check.h"
#include "common/jobs/connection.h"
#include "common/jobs/decision.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/row.h"
#include "common/jobs/share.h"
#include "common/jobs/states.h"
#include "common/jobs/target.h"

#include "common/base/cleanup.h"
#include "common/base/receipt.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { NOW = 1800000000 };

/* ---- a world of one instance: its delivery, the share of its series, the fetch of its study ---- */

static struct sandbox *sandbox;
static struct jobdb *db;
static int64_t main_id, ct_album;
static struct jobdb_batch batch; /* what is under way, or was last */

static const char receipt[RECEIPT_SIZE] = "00000000000000000000000000000001";

static void learn_ids(void *context, struct jobdb_target *target)
{
    (void)context;
    if (target->album)
        ct_album = target->album_id;
    else
        main_id = target->destination_id;
    jobdb_target_release(target);
}

static void begin_world(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sandbox = sandbox_create();
    ck_assert_msg(jobdb_open(sandbox_folder(sandbox), &db, &reason) == 0, "%s", text_string(&reason));
    jobdb_configure(db, "main", NULL, "https://a:443");
    jobdb_configure(db, "main", "ct", NULL);
    jobdb_each_target(db, learn_ids, NULL);
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

/* Whatever was tried: counters, lanes and instances agree with the states. */
static void end_world(void)
{
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(jobdb_check(db, show_problem, NULL), 0);
    jobdb_batch_release(&batch);
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

static const struct jobdb_instance instance = {.receipt = receipt,
                                               .study = "1",
                                               .series = "1.1",
                                               .sop_instance = "1.1.1",
                                               .sop_class = "1.2",
                                               .transfer_syntax = "1.2.840.10008.1.2",
                                               .size = 1000,
                                               .received_at = NOW};

static void take_in(bool takes)
{
    struct jobdb_decision decision = {.destination_id = main_id,
                                      .takes = takes,
                                      .why = takes ? NULL : "not wanted",
                                      .albums = &ct_album,
                                      .album_count = 1};
    jobdb_take_in(db, &instance, &decision, 1, NOW, NOW);
}

/* The destination's condition cannot be decided; or only the album's. */
static void take_in_doubtful(bool destination)
{
    struct jobdb_doubt doubt = {ct_album, "not known"};
    struct jobdb_decision decision = {.destination_id = main_id,
                                      .takes = !destination,
                                      .undecided = destination,
                                      .why = destination ? "not known" : NULL,
                                      .doubts = &doubt,
                                      .doubt_count = !destination};
    jobdb_take_in(db, &instance, &decision, 1, NOW, NOW);
}

static void begin_batch(void)
{
    static int works;
    jobdb_batch_release(&batch);
    (void)snprintf(batch.work, sizeof batch.work, "w-%d", ++works);
}

static bool lease_delivery(void)
{
    struct jobdb_lane lane;
    struct jobdb_batch picked = {0};
    (void)jobdb_wake_lanes(db, NOW);
    if (!jobdb_pick_lane(db, main_id, &lane))
        return false;
    begin_batch();
    picked = batch;
    bool taken =
        jobdb_pick_batch(db, &lane, main_id, &(struct jobdb_appetite){10, 1 << 20, false}, NOW, &picked);
    batch = picked;
    return taken;
}

static bool lease_share(void)
{
    int64_t next_due;
    struct jobdb_batch picked = {.work = "w-share"};
    if (!jobdb_pick_share(db, ct_album, false, NOW, &picked, &next_due))
        return false;
    jobdb_batch_release(&batch);
    batch = picked;
    return true;
}

static bool lease_fetch(void)
{
    int64_t next_due;
    struct jobdb_batch picked = {.work = "w-fetch"};
    if (!jobdb_pick_fetch(db, main_id, NOW, &picked, &next_due))
        return false;
    jobdb_batch_release(&batch);
    batch = picked;
    return true;
}

static bool lease_inquiry(void)
{
    int64_t next_due;
    struct jobdb_batch picked = {.work = "w-inquiry"};
    if (!jobdb_pick_inquiry(db, ct_album, NOW, &picked, &next_due))
        return false;
    jobdb_batch_release(&batch);
    batch = picked;
    return true;
}

static struct jobdb_outcome outcome_of(enum cause cause)
{
    return (struct jobdb_outcome){
        .cause = cause, .now = NOW, .due_at = NOW, .attempt_mark = -1, .keep_until = NOW, .reason = "so"};
}

static bool deliver(enum cause cause)
{
    struct jobdb_batch found = {0};
    struct jobdb_outcome outcome = outcome_of(cause);
    if (!jobdb_find_delivery(db, receipt, "main", &found))
        return false;
    bool moved = jobdb_move_delivery(db, &found, found.items, &outcome, NULL, NULL);
    jobdb_refresh_lane(db, found.lane_id, NOW);
    jobdb_batch_release(&found);
    return moved;
}

/* A share or fetch that was never handed out is moved as the router's control does it: as part of no work. */
static bool move_other(enum work_stage stage, enum cause cause)
{
    struct jobdb_item item = {.id = 1, .instance_id = stage == WORK_SHARE ? 1 : 0};
    struct jobdb_batch none = {.stage = stage, .destination_id = main_id, .album_id = ct_album};
    const struct jobdb_batch *of = batch.item_count > 0 && batch.stage == stage ? &batch : &none;
    struct jobdb_outcome outcome = outcome_of(cause);
    int64_t due_at;
    if (stage == WORK_INQUIRE)
        return jobdb_move_inquiry(db, of, &item, &outcome);
    return stage == WORK_SHARE ? jobdb_move_share(db, of, &item, &outcome)
                               : jobdb_move_fetch(db, of, &item, &outcome, &due_at);
}

static bool change(enum work_stage stage, enum cause cause)
{
    struct jobdb_candidate job;
    if (!jobdb_find_job(db, stage, 1, &job))
        return false;
    bool changed =
        cause == CAUSE_RETRIED ? jobdb_retry_job(db, &job, NOW) : jobdb_drop_job(db, &job, NOW, NOW);
    jobdb_candidate_release(&job);
    return changed;
}

/* The operator has it decided again, with this outcome. */
static bool decide(enum work_stage stage, enum cause cause)
{
    const struct jobdb_decision yes = {.destination_id = main_id, .takes = true};
    struct jobdb_candidate job;
    bool moved = false;
    if (!jobdb_find_job(db, stage, 1, &job))
        return false;
    if (cause == CAUSE_BROUGHT_BACK)
        moved = jobdb_bring_back(db, &job, "again", 1);
    else if (cause == CAUSE_LEFT_OUT)
        moved = jobdb_leave_out(db, &job, "no", NOW, NOW);
    else if (stage == WORK_SHARE)
        moved = jobdb_admit_share(db, 1, job.item.instance_id, 0, NOW, NOW);
    else
        moved = jobdb_admit_delivery(db, &job, &instance, &yes, NOW);
    jobdb_candidate_release(&job);
    return moved;
}

static bool is_decision(enum cause cause)
{
    return cause == CAUSE_BROUGHT_BACK || cause == CAUSE_LEFT_OUT || cause == CAUSE_ADMITTED;
}

/* ---- into a state, the way that the router goes ---- */

static void make_delivery(int state)
{
    if (state == DELIVERY_UNDECIDED)
        take_in_doubtful(true);
    else
        take_in(state != DELIVERY_EXCLUDED);
    if (state == DELIVERY_SENDING || state == DELIVERY_FAILED || state == DELIVERY_SENT)
        ck_assert(lease_delivery());
    if (state == DELIVERY_FAILED)
        ck_assert(deliver(CAUSE_REFUSED));
    if (state == DELIVERY_SENT)
        ck_assert(deliver(CAUSE_STORED));
    if (state == DELIVERY_DROPPED)
        ck_assert(change(WORK_SEND, CAUSE_DROPPED));
}

static void make_share(int state)
{
    if (state == SHARE_UNDECIDED) {
        take_in_doubtful(false);
        return;
    }
    make_delivery(state == SHARE_WAITING ? DELIVERY_QUEUED : DELIVERY_SENT);
    if (state == SHARE_SHARING || state == SHARE_SHARED || state == SHARE_FAILED)
        ck_assert(lease_share());
    if (state == SHARE_SHARED)
        ck_assert(move_other(WORK_SHARE, CAUSE_STORED));
    if (state == SHARE_FAILED)
        ck_assert(move_other(WORK_SHARE, CAUSE_REFUSED));
    if (state == SHARE_DROPPED)
        ck_assert(change(WORK_SHARE, CAUSE_DROPPED));
}

static void make_fetch(int state)
{
    jobdb_want_fetch(db, main_id, "1", NOW, NOW);
    if (state != FETCH_QUEUED)
        ck_assert(lease_fetch());
    if (state == FETCH_FETCHED)
        ck_assert(move_other(WORK_FETCH, CAUSE_STORED));
    if (state == FETCH_FAILED)
        ck_assert(move_other(WORK_FETCH, CAUSE_REFUSED));
}

static void make_inquiry(int state)
{
    struct jobdb_series series;
    const struct jobdb_inquiry wanted = {
        .album_id = ct_album, .request_id = 1, .until = INT64_MAX, .anew = (char *)"shared"};
    take_in(true);
    ck_assert(jobdb_find_series(db, 1, &series));
    jobdb_want_inquiry(db, &series, &wanted, NOW);
    if (state != INQUIRY_QUEUED)
        ck_assert(lease_inquiry());
    if (state == INQUIRY_ANSWERED)
        ck_assert(move_other(WORK_INQUIRE, CAUSE_ANSWERED));
    if (state == INQUIRY_FAILED)
        ck_assert(move_other(WORK_INQUIRE, CAUSE_REFUSED));
}

static void make_instance(int state)
{
    if (state == INSTANCE_QUARANTINED)
        jobdb_quarantine(db, &instance, "cannot be read", NOW);
    else
        take_in(state == INSTANCE_ACTIVE);
}

/* ---- because of a cause, the way that the router goes ---- */

static void cause_delivery(enum cause cause)
{
    if (cause == CAUSE_LEASED)
        (void)lease_delivery();
    else if (cause == CAUSE_RETRIED || cause == CAUSE_DROPPED)
        (void)change(WORK_SEND, cause);
    else if (is_decision(cause))
        (void)decide(WORK_SEND, cause);
    else
        (void)deliver(cause);
}

static void ignore_settled(void *context, const struct jobdb_settled *share)
{
    (void)context;
    (void)share;
}

static void cause_share(enum cause cause)
{
    if (cause == CAUSE_LEASED)
        (void)lease_share();
    else if (cause == CAUSE_RETRIED || cause == CAUSE_DROPPED)
        (void)change(WORK_SHARE, cause);
    else if (is_decision(cause))
        (void)decide(WORK_SHARE, cause);
    else if (cause == CAUSE_SERIES_STORED)
        (void)deliver(CAUSE_STORED);
    else if (cause == CAUSE_MOVED)
        jobdb_destination_moved(db, main_id, NOW);
    else if (cause == CAUSE_REPLACED)
        share_follow(db, main_id, 1, receipt, NOW, NOW);
    else if (cause == CAUSE_ANEW)
        (void)jobdb_forget_share(db, ct_album, 1, NOW, NOW);
    else if (cause == CAUSE_HOPELESS) {
        (void)change(WORK_SEND, CAUSE_DROPPED);
        (void)jobdb_settle_series(db, 1, NOW, NOW, ignore_settled, NULL);
    } else
        (void)move_other(WORK_SHARE, cause);
}

static void cause_fetch(enum cause cause)
{
    if (cause == CAUSE_LEASED)
        (void)lease_fetch();
    else if (cause == CAUSE_RETRIED || cause == CAUSE_DROPPED)
        (void)change(WORK_FETCH, cause);
    else if (cause == CAUSE_MORE_STORED)
        jobdb_want_fetch(db, main_id, "1", NOW, NOW);
    else
        (void)move_other(WORK_FETCH, cause);
}

static void cause_inquiry(enum cause cause)
{
    if (cause == CAUSE_LEASED)
        (void)lease_inquiry();
    else if (cause == CAUSE_RETRIED || cause == CAUSE_DROPPED)
        (void)change(WORK_INQUIRE, cause);
    else
        (void)move_other(WORK_INQUIRE, cause);
}

static void cause_instance(enum cause cause)
{
    if (cause == CAUSE_RETRIED)
        jobdb_take_back(db, 1);
    else if (cause == CAUSE_DROPPED)
        (void)jobdb_drop_quarantined(db, 1, NOW, NOW);
    else if (cause == CAUSE_BROUGHT_BACK)
        (void)decide(WORK_SEND, cause);
    else if (cause == CAUSE_FINISHED) {
        (void)deliver(CAUSE_STORED);
        (void)change(WORK_SHARE, CAUSE_DROPPED);
    }
}

static const struct way {
    const char *table;
    void (*make)(int state);
    void (*cause)(enum cause cause);
} ways[] = {[MACHINE_DELIVERY] = {"delivery", make_delivery, cause_delivery},
            [MACHINE_SHARE] = {"share", make_share, cause_share},
            [MACHINE_FETCH] = {"fetch", make_fetch, cause_fetch},
            [MACHINE_INQUIRY] = {"inquiry", make_inquiry, cause_inquiry},
            [MACHINE_INSTANCE] = {"instance", make_instance, cause_instance}};

/* The state that row 1 is in. */
static int state_of(enum machine machine)
{
    AUTO(text_release) struct text question = TEXT_EMPTY;
    int state = STATE_GONE;
    text_format(&question, "SELECT state FROM %s WHERE id = 1", ways[machine].table);
    AUTO(row_end) struct row row = row_ask(db->sql, text_string(&question), NULL);
    if (row_next(&row))
        ck_assert(state_parse(machine, row_text(&row), &state));
    return state;
}

static const struct from_row {
    enum machine machine;
    int state;
} from_rows[] = {
#define X(name, text, meaning) {MACHINE_DELIVERY, DELIVERY_##name},
    DELIVERY_STATE_MAP(X)
#undef X
#define X(name, text, meaning) {MACHINE_SHARE, SHARE_##name},
        SHARE_STATE_MAP(X)
#undef X
#define X(name, text, meaning) {MACHINE_FETCH, FETCH_##name},
            FETCH_STATE_MAP(X)
#undef X
#define X(name, text, meaning) {MACHINE_INQUIRY, INQUIRY_##name},
                INQUIRY_STATE_MAP(X)
#undef X
#define X(name, text, meaning) {MACHINE_INSTANCE, INSTANCE_##name},
                    INSTANCE_STATE_MAP(X)
#undef X
};

START_TEST(causes_lead_where_the_table_says)
{
    const struct from_row *row = &from_rows[_i];
    for (int cause = 0; cause < CAUSES; cause++) {
        int to = row->state;
        begin_world();
        ways[row->machine].make(row->state);
        ck_assert_int_eq(state_of(row->machine), row->state);
        ways[row->machine].cause((enum cause)cause);
        (void)state_move(row->machine, row->state, (enum cause)cause, &to);
        ck_assert_msg(state_of(row->machine) == to, "%s %s, %s: %d", machine_name(row->machine),
                      state_name(row->machine, row->state), cause_name((enum cause)cause),
                      state_of(row->machine));
        end_world();
    }
}
END_TEST

/* ---- what the texts say ---- */

static const char *const stateful[] = {"delivery", "share", "fetch", "inquiry", "instance"};

/* The table that a text changes with this verb, if it is one with states; else NULL. */
static const char *changes(const char *sql, const char *verb)
{
    size_t length = strlen(verb);
    for (size_t i = 0; strncmp(sql, verb, length) == 0 && i < ROWS(stateful); i++) {
        size_t name = strlen(stateful[i]);
        if (strncmp(sql + length, stateful[i], name) == 0 && sql[length + name] == ' ')
            return stateful[i];
    }
    return NULL;
}

static bool names_a_state(const char *sql, size_t length)
{
    AUTO(text_release) struct text part = TEXT_EMPTY;
    text_append_bytes(&part, sql, length);
    for (int machine = 0; machine < MACHINES; machine++) {
        for (int state = 0; state < state_count((enum machine)machine); state++) {
            char quoted[32];
            (void)snprintf(quoted, sizeof quoted, "'%s'", state_name((enum machine)machine, state));
            if (strstr(text_string(&part), quoted))
                return true;
        }
    }
    return false;
}

/* What is wrong with a text of a part, or NULL. */
static const char *wrong_with(const char *part, const char *sql)
{
    bool is_move = strcmp(part, "move") == 0;
    if (changes(sql, "INSERT INTO "))
        return names_a_state(sql, strlen(sql)) || strstr(sql, "DO UPDATE") ? "begins in a state of its own"
                                                                           : NULL;
    if (changes(sql, "DELETE FROM ")) /* what is old enough is forgotten with its study */
        return strcmp(part, "history") == 0 || (is_move && strstr(sql, " AND state = ?1"))
                   ? NULL
                   : "removes a row whatever its state";
    if (!changes(sql, "UPDATE "))
        return NULL;
    const char *where = strstr(sql, " WHERE ");
    const char *state = strstr(sql, " state = ");
    if (!where || names_a_state(sql, (size_t)(where - sql)))
        return "names the state that it writes";
    if (!state || state > where)
        return NULL;
    if (!is_move)
        return "writes a state outside move.c";
    return strstr(where, " AND state = ?1") &&
                   (strncmp(state, " state = ?2", 11) == 0 || strstr(state, "THEN ?2"))
               ? NULL
               : "does not bind the states of its move";
}

static const struct text_row {
    const char *part, *sql;
    bool good;
} text_rows[] = {
    {"move", "UPDATE share SET state = ?2, due_at = ?4 WHERE id = ?3 AND state = ?1", true},
    {"move",
     "UPDATE instance SET a = 1, state = CASE WHEN a = 1 THEN ?2 ELSE state END WHERE id = ?3 AND state = ?1",
     true},
    {"move", "UPDATE share SET state = 'queued' WHERE id = ?3 AND state = ?1", false},
    {"move", "UPDATE fetch SET state = CASE WHEN work IS NULL THEN 'queued' ELSE state END WHERE id = ?1",
     false},
    {"move", "UPDATE share SET state = ?2 WHERE id = ?3", false},
    {"move", "UPDATE share SET state = ?4 WHERE id = ?3 AND state = ?1", false},
    {"clean", "UPDATE instance SET state = ?2 WHERE id = ?3 AND state = ?1", false},
    {"clean", "UPDATE instance SET place = ?2 WHERE id = ?1", true},
    {"dispatch", "UPDATE share SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2", true},
    {"target", "UPDATE album SET state = ?2 WHERE id = ?1", true},
    {"intake", "INSERT INTO delivery (state) VALUES ('queued')", false},
    {"intake", "INSERT INTO delivery (state) VALUES (?1)", true},
    {"fetch",
     "INSERT INTO fetch (state) VALUES (?1) ON CONFLICT (study) DO UPDATE SET state = excluded.state", false},
    {"fetch", "DELETE FROM fetch WHERE id = ?1 AND state IN ('queued', 'failed')", false},
    {"move", "DELETE FROM fetch WHERE id = ?3 AND state = ?1", true},
    {"history", "DELETE FROM instance WHERE id = ?1", true},
    {"history", "DELETE FROM lane WHERE study = ?1", true},
};

START_TEST(state_in_a_text_is_noticed)
{
    const struct text_row *row = &text_rows[_i];
    ck_assert_msg((wrong_with(row->part, row->sql) == NULL) == row->good, "%s", row->sql);
}
END_TEST

static const char *const parts[] = {
#define X(part) #part,
    JOBDB_PART_MAP(X)
#undef X
};

START_TEST(texts_leave_states_to_the_table)
{
    for (const struct jobdb_statement *statement = jobdb_parts[_i]; statement->name; statement++) {
        const char *wrong = wrong_with(parts[_i], statement->sql);
        ck_assert_msg(wrong == NULL, "%s, %s %s", parts[_i], statement->name, wrong);
    }
}
END_TEST

static const char *const verbs[] = {"UPDATE ", "INSERT ", "DELETE "};

static void count_changes(void *context, const char *path)
{
    AUTO(text_release) struct text source = TEXT_EMPTY;
    if (!string_ends_with(path, ".c") && !string_ends_with(path, ".h"))
        return;
    file_read(path, &source);
    for (const char *at = text_string(&source); (at = strchr(at, '"')); at++) {
        for (size_t i = 0; i < ROWS(verbs); i++)
            *(int *)context += strncmp(at + 1, verbs[i], strlen(verbs[i])) == 0;
    }
}

/* So that nothing changes rows past the statements that are looked at above. */
START_TEST(every_change_is_a_statement)
{
    int texts = 0, statements = 0;
    folder_walk(FELUCCA_SOURCE "/common/jobs", count_changes, &texts);
    for (int part = 0; part < JOBDB_PARTS; part++) {
        for (const struct jobdb_statement *statement = jobdb_parts[part]; statement->name; statement++) {
            for (size_t i = 0; i < ROWS(verbs); i++)
                statements += strncmp(statement->sql, verbs[i], strlen(verbs[i])) == 0;
        }
    }
    ck_assert_int_gt(statements, 50);
    ck_assert_int_eq(texts, statements);
}
END_TEST

/* ---- what the page says ---- */

START_TEST(page_has_the_tables)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    AUTO(text_release) struct text tables = TEXT_EMPTY;
    states_reference(&tables);
    file_read(FELUCCA_SOURCE "/docs/job-life.md", &page);
    ck_assert_msg(strstr(text_string(&page), text_string(&tables)) != NULL,
                  "docs/job-life.md: put what `felucca generate states` says between its two marks");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("move");
    tests_timeout(tests, 120);
    tests_rows(tests, causes_lead_where_the_table_says, ROWS(from_rows));
    tests_rows(tests, state_in_a_text_is_noticed, ROWS(text_rows));
    tests_rows(tests, texts_leave_states_to_the_table, ROWS(parts));
    tests_add(tests, every_change_is_a_statement);
    tests_add(tests, page_has_the_tables);
    return tests_run(tests);
}
