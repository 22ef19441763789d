#include "console/clerk.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/jobs/show.h"
#include "common/dicom/uid.h"
#include "console/chosen.h"
#include "console/plan.h"
#include "console/plan_words.h"
#include "console/reply.h"

#include <string.h>

enum { PATIENCE_MS = 2000 };

bool clerk_is_at(const char *page)
{
    return string_has_word("act find try tryfile why", page, strlen(page));
}

bool clerk_may_search(const struct config *config, const struct who *who)
{
    return config->search_hashes && (who->is_operator || config->console.search == CONFIG_SEARCH_VIEWERS);
}

static void refuse(const struct clerk *clerk, struct web_answer *answer, unsigned status,
                   const char *sentence)
{
    reply_refuse(clerk->render, answer, ASKED_HTML, status, sentence);
}

static void lead_to(const char *page, const char *id, struct web_answer *answer)
{
    AUTO(text_release) struct text target = TEXT_EMPTY;
    text_format(&target, "/%s/%s", page, id);
    reply_go(answer, text_string(&target));
}

/* The configuration as the file has it now, for a thread that may outlive the one in force. NULL: it is broken now. */
static struct config *read_config(const struct clerk *clerk)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    struct config *config = NULL;
    if (config_load(clerk->config->path, &config, &errors, &warnings) == 0)
        return config;
    log_warning("the configuration is broken, and an operator waits", LOG_S("reason", text_string(&errors)));
    return NULL;
}

static bool count(const struct clerk *clerk, struct plan *ret_plan, unsigned *ret_status, struct text *reason)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text user = TEXT_EMPTY, trouble = TEXT_EMPTY;
    *ret_status = 503;
    if (jobdb_open_reader(clerk->config->state_dir, &db, &trouble) != 0) {
        text_append(reason, "The job database cannot be read; the console's log says why.");
        return false;
    }
    utf8_append_shown(&user, clerk->who->name, strlen(clerk->who->name), WHO_NAME_SIZE);
    text_append(&user, " (console)");
    jobdb_limit(db, PATIENCE_MS);
    jobdb_snapshot_begin(db);
    *ret_status = 400;
    const struct plan_question question = {clerk->form, clerk->config, db, text_string(&user),
                                           clock_wall_ms()};
    bool is_made = chosen_is(clerk->form) ? chosen_plan(&question, ret_plan, reason)
                                          : plan_make(&question, ret_plan, reason);
    if (is_made && ret_plan->will.length == 0)
        plan_words_append_will(ret_plan->parts, ret_plan->part_count, clerk->config, &ret_plan->will);
    if (jobdb_error_code(db) == 0)
        return is_made;
    *ret_status = 503;
    text_clear(reason);
    text_append(reason, "Counting takes longer than 2 s, and was ended. Choose less.");
    return false;
}

static void begin(const struct clerk *clerk, struct web_answer *answer)
{
    AUTO(plan_release) struct plan plan = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(config_destroy) struct config *config = NULL;
    char id[ERRAND_ID_SIZE];
    unsigned status;
    if (!count(clerk, &plan, &status, &reason)) {
        refuse(clerk, answer, status, text_string(&reason));
        return;
    }
    config = read_config(clerk);
    if (!config)
        refuse(clerk, answer, 503, "The configuration's file is broken now; felucca check says where.");
    else if (!errands_add(clerk->errands, &plan, &config, clerk->who, id))
        refuse(clerk, answer, 503, "Too much is under way. Wait until some of it is done.");
    else
        lead_to("change", id, answer);
}

static void go(const struct clerk *clerk, const char *id, struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!asked_only(clerk->form, "token change", &reason))
        refuse(clerk, answer, 400, text_string(&reason));
    else if (errands_go(clerk->errands, id, clerk->who->token, &reason))
        lead_to("change", id, answer);
    else
        refuse(clerk, answer, 409, text_string(&reason));
}

/* ---- /find ---- */

/* False: what is wrong is in reason. */
static bool take_number(const struct asked *form, struct control_request *ret_request, struct text *reason)
{
    static const char kinds[] = "accession patient study-id";
    const char *number = asked_get(form, "number"), *kind = asked_get(form, "kind");
    if (!asked_only(form, "token kind number", reason))
        return false;
    if (!kind || !string_has_word(kinds, kind, strlen(kind)))
        text_append(reason, "kind is one of: accession patient study-id.");
    else if (!number || strlen(number) > CONTROL_TEXT_MAX || !number[strspn(number, " ")])
        text_append(reason, "A number has 1 to 256 characters, and is not blank.");
    else if (control_request_start(ret_request, CONTROL_FIND) != 0)
        text_append(reason, "The kernel has no random number.");
    else {
        ret_request->number = memory_string(number);
        ret_request->number_kind = memory_string(kind);
        return true;
    }
    return false;
}

/* ---- /why ---- */

static char *take(const struct asked *form, const char *name)
{
    const char *value = asked_get(form, name);
    return value ? memory_string(value) : NULL;
}

/* False: what is wrong is in reason. */
static bool take_question(const struct asked *form, struct control_request *ret_request, struct text *reason)
{
    const char *study = asked_get(form, "study");
    if (!asked_only(form, "token study destination album", reason))
        return false;
    if (!study || !uid_is_printable(study))
        text_append(reason, "study is a Study Instance UID.");
    else if (!asked_get(form, "destination"))
        text_append(reason, "destination is the name of one.");
    else if (control_request_start(ret_request, CONTROL_EXPLAIN) != 0)
        text_append(reason, "The kernel has no random number.");
    else {
        ret_request->study = take(form, "study");
        ret_request->destination = take(form, "destination");
        ret_request->album = take(form, "album");
        return true;
    }
    return false;
}

/* ---- /try, /tryfile ---- */

static bool take_condition(const struct asked *form, struct control_request *ret_request, struct text *reason)
{
    const char *expression = asked_get(form, "expression");
    if (!asked_only(form, "token destination album expression", reason))
        return false;
    if (!expression || strlen(expression) > CONTROL_EXPRESSION_MAX)
        text_append(reason, "expression is a condition of 1 byte to 16 KiB.");
    else if (!asked_get(form, "destination"))
        text_append(reason, "destination is the name of one.");
    else if (control_request_start(ret_request, CONTROL_TRY) != 0)
        text_append(reason, "The kernel has no random number.");
    else {
        ret_request->destination = take(form, "destination");
        ret_request->album = take(form, "album");
        ret_request->expression = take(form, "expression");
        return true;
    }
    return false;
}

static bool take_file(const struct asked *form, struct control_request *ret_request, struct text *reason)
{
    if (!asked_only(form, "token file", reason))
        return false;
    if (!asked_get(form, "file"))
        text_append(reason, "There is no file, or it is empty.");
    else if (control_request_start(ret_request, CONTROL_TRY_FILE) != 0)
        text_append(reason, "The kernel has no random number.");
    else {
        ret_request->header = take(form, "file");
        return true;
    }
    return false;
}

/* ---- what only asks ---- */

typedef bool clerk_take(const struct asked *form, struct control_request *ret_request, struct text *reason);

/* Leads to the page of what the router will answer. */
static void ask(const struct clerk *clerk, clerk_take *take_it, const char *page, struct web_answer *answer)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    char id[ERRAND_ID_SIZE];
    bool is_taken = take_it(clerk->form, &request, &reason);
    /* By what is counted a name could be guessed, letter by letter. */
    request.identifying = request.verb == CONTROL_TRY && clerk->who->is_operator;
    if (!is_taken)
        refuse(clerk, answer, 400, text_string(&reason));
    else if (!(config = read_config(clerk)))
        refuse(clerk, answer, 503, "The configuration's file is broken now; felucca check says where.");
    else if (!errands_find(clerk->errands, &request, &config, clerk->who, id))
        refuse(clerk, answer, 503, "Too much is under way. Wait until some of it is done.");
    else
        lead_to(page, id, answer);
}

static void find(const struct clerk *clerk, struct web_answer *answer)
{
    if (clerk_may_search(clerk->config, clerk->who))
        ask(clerk, take_number, "found", answer);
    else
        refuse(clerk, answer, 403,
               clerk->config->search_hashes
                   ? "Only operators look for patients' numbers here (console: search)."
                   : "The job database knows no such numbers (search_hashes: false).");
}

static void act(const struct clerk *clerk, struct web_answer *answer)
{
    const char *id = asked_get(clerk->form, "change");
    if (!clerk->who->is_operator)
        refuse(clerk, answer, 403,
               clerk->who->by == WHO_ANYBODY
                   ? "Without users nobody may change something here: the command line may (console: users)."
                   : "You may look; an operator can do this.");
    else if (id)
        go(clerk, id, answer);
    else
        begin(clerk, answer);
}

void clerk_answer(const struct clerk *clerk, const char *page, struct web_answer *answer)
{
    if (strcmp(page, "find") == 0)
        find(clerk, answer);
    else if (strcmp(page, "why") == 0)
        ask(clerk, take_question, "why", answer);
    else if (strcmp(page, "try") == 0)
        ask(clerk, take_condition, "tried", answer);
    else if (strcmp(page, "tryfile") == 0)
        ask(clerk, take_file, "tried", answer);
    else
        act(clerk, answer);
}
