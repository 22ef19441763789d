/* Notices: real processes, a webhook that checks the signature, and a real mail server. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/notice_targets.h"
#include "tests/support/operator_view.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { PATIENCE_MS = 60000, COMMAND_MS = 60000 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct notice_targets *targets;
static struct pipeline *pipeline;
static struct process *notifier;

/* A destination whose token KHEOPS does not know. */
static void set_up_with(const char *webhooks, const char *when)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    sandbox = sandbox_create();
    targets = notice_targets_start(sandbox);
    kheops = simulator_start(sandbox, "kheops", tokens);
    notice_targets_append(targets, webhooks, when, &more);
    const struct pipeline_destination destination = {.name = "main", .simulator = kheops, .token = "UNKNOWN"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, text_string(&more)};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
}

static void tear_down(void)
{
    process_destroy(&notifier);
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    notice_targets_destroy(&targets);
    sandbox_destroy(&sandbox);
}

static void start_notifier(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-notifier", "--config", pipeline_config(pipeline), NULL};
    const struct process_options how = {.output = sandbox_path(sandbox, "notifier-0.log")};
    process_destroy(&notifier);
    notifier = process_start(argv, &how);
}

/* The receiver and the sender, and a study that KHEOPS refuses. */
static void get_blocked(void)
{
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
}

static void check(bool ok, const char *what)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!ok && file_exists(sandbox_path(sandbox, "notifier-0.log")))
        file_read(sandbox_path(sandbox, "notifier-0.log"), &log);
    if (!ok)
        printf("%s\n", text_string(&log));
    pipeline_check(pipeline, ok, what);
}

static bool comes(const char *which, const char *part)
{
    return notice_targets_wait(targets, which, part, 1, PATIENCE_MS);
}

static int felucca(const char *command, const char *option, struct text *ret_output)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca",    command, "--config",
                                pipeline_config(pipeline), option,  NULL};
    return process_run(argv, NULL, COMMAND_MS, ret_output);
}

/* ---- who is told what ---- */

START_TEST(both_are_told_without_any_uid)
{
    AUTO(text_release) struct text all = TEXT_EMPTY;
    set_up_with("", "blocked 1s, token");
    start_notifier();
    get_blocked();
    check(comes("webhook", "\"cause\": \"blocked\", \"state\": \"begins\""), "the webhook is not told");
    check(comes("mail", "main is blocked, nothing goes there"), "no mail");
    check(comes("webhook", "\"cause\": \"token\""), "the webhook is not told of the token");
    check(notice_targets_count(targets, "webhook", "\"signed\": true") > 0 &&
              notice_targets_count(targets, "webhook", "\"signed\": false") == 0,
          "it is not signed");
    check(notice_targets_count(targets, "mail", "\"to\": [\"ops@example.org\", \"night@example.org\"]") > 0,
          "not all get the mail");
    notice_targets_read(targets, "webhook", &all);
    notice_targets_read(targets, "mail", &all);
    check(!strstr(text_string(&all), "1.2.") && !strstr(text_string(&all), "UNKNOWN"), "a UID or a token");
    check(notice_targets_count(targets, "webhook", "\"cause\": \"blocked\"") == 1, "it is told twice");
}
END_TEST

START_TEST(a_dead_webhook_holds_up_nobody)
{
    AUTO(text_release) struct text dead = TEXT_EMPTY;
    AUTO(text_release) struct text status = TEXT_EMPTY;
    AUTO(text_release) struct text json = TEXT_EMPTY;
    text_format(&dead, "    - { name: dead, url: 'http://127.0.0.1:%d/' }\n", port_free());
    set_up_with(text_string(&dead), "blocked 1s");
    start_notifier();
    get_blocked();
    check(comes("mail", "main is blocked"), "no mail");
    check(comes("webhook", "\"cause\": \"blocked\""), "the other webhook is not told");
    check(felucca("status", NULL, &status) == EXIT_OK, text_string(&status));
    check(strstr(text_string(&status), "dead takes no notices") != NULL, text_string(&status));
    check(felucca("status", "--json", &json) == EXIT_OK, text_string(&json));
    check(strstr(text_string(&json), "\"target\": \"dead\"") ||
              strstr(text_string(&json), "\"target\":\"dead\""),
          text_string(&json));
}
END_TEST

START_TEST(what_is_refused_comes_later)
{
    set_up_with("", "blocked 1s");
    notice_targets_refuse(targets, true);
    start_notifier();
    get_blocked();
    check(comes("mail", "main is blocked"), "no mail");
    process_kill(notifier);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0);
    start_notifier();
    notice_targets_refuse(targets, false);
    check(comes("webhook", "\"cause\": \"blocked\""), "the notice is lost");
    check(notice_targets_count(targets, "mail", "main is blocked, nothing goes there.") <= 2,
          "the mail came more than twice");
}
END_TEST

/* ---- another configuration ---- */

struct logged {
    const char *log, *words;
};

static bool is_logged(void *context)
{
    const struct logged *logged = context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "%s", logged->log);
    if (file_exists(path))
        file_read(path, &log);
    return strstr(text_string(&log), logged->words) != NULL;
}

static void wait_logged(const char *log, const char *words)
{
    struct logged logged = {log, words};
    check(wait_until(is_logged, &logged, PATIENCE_MS), words);
}

/* Other words in a file of the router's and the notifier's. */
static void reword(const char *name, const char *words, const char *others)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text changed = TEXT_EMPTY;
    file_read(name, &file);
    const char *at = strstr(text_string(&file), words);
    ck_assert_ptr_nonnull(at);
    text_append_bytes(&changed, file.bytes, (size_t)(at - file.bytes));
    text_format(&changed, "%s%s", others, at + strlen(words));
    file_write(name, changed.bytes, changed.length);
}

static void reload_with(const char *words, const char *others)
{
    wait_logged("router-0.log", "recovered"); /* before that the signal would end it */
    wait_logged("notifier-0.log", "worker starts");
    reword(sandbox_path(sandbox, "router-0.yaml"), words, others);
    reword(pipeline_config(pipeline), words, others);
    process_signal(pipeline_process(pipeline, PIPELINE_ROUTER, 0), SIGHUP);
    process_signal(notifier, SIGHUP);
}

/* It is blocked still: nobody may be told that it is over. */
START_TEST(a_cause_that_is_not_wanted_any_more_is_not_called_over)
{
    set_up_with("", "blocked 1s, token");
    start_notifier();
    get_blocked();
    check(comes("webhook", "\"cause\": \"blocked\", \"state\": \"begins\""), "the webhook is not told");
    check(comes("webhook", "\"cause\": \"token\", \"state\": \"begins\""), "nor of the token");
    reload_with("blocked 1s, token", "token, disk 900000GiB");
    wait_logged("router-0.log", "notice ends, nobody wants to be told of it");
    /* Messages to one target go in their order: what was made before would have come before. */
    check(comes("webhook", "\"cause\": \"disk\", \"state\": \"begins\""), "nothing is told any more");
    check(notice_targets_count(targets, "webhook", "\"cause\": \"blocked\"") == 1, "it is called over");
    check(notice_targets_count(targets, "webhook", "\"state\": \"over\"") == 0, "something is called over");
}
END_TEST

/* The webhook is added when it has begun: it hears of the beginning, and of the end only then. */
START_TEST(a_new_target_hears_of_what_has_begun)
{
    AUTO(text_release) struct text hook = TEXT_EMPTY;
    set_up_with("", "blocked 1s");
    notice_targets_append_hook(targets, "late", &hook);
    start_notifier();
    get_blocked();
    check(comes("mail", "main is blocked"), "no mail");
    check(comes("webhook", "\"cause\": \"blocked\""), "the webhook is not told");
    AUTO(text_release) struct text both = TEXT_EMPTY;
    text_format(&both, "  webhooks:\n%s", text_string(&hook));
    reload_with("  webhooks:\n", text_string(&both));
    check(notice_targets_wait(targets, "webhook", "\"cause\": \"blocked\", \"state\": \"begins\"", 2,
                              PATIENCE_MS),
          "the new one is not told");
}
END_TEST

START_TEST(a_token_near_its_end_is_told)
{
    set_up_with("", "expiry 30d");
    start_notifier();
    reload_with("- name: main\n", "- name: main\n        expires: 2020-01-01\n");
    check(comes("webhook", "\"cause\": \"expiry\", \"state\": \"begins\", \"destination\": \"main\""),
          "the webhook is not told");
    check(comes("mail", "a token of main ends soon, or should have ended"), "no mail");
}
END_TEST

/* ---- the router ---- */

/* Whether the notifier has written down that both were told. */
static bool is_written_down(void *context)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    size_t told = 0;
    (void)context;
    file_read(sandbox_path(sandbox, "state/notifier/router.json"), &file);
    for (const char *at = text_string(&file); (at = strstr(at, "\"told\"")); at++)
        told += at[strcspn(at, "0123456789")] == '1';
    return told == 2;
}

START_TEST(a_silent_router_is_noticed)
{
    set_up_with("", "router 6s");
    start_notifier();
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    check(comes("webhook", "\"cause\": \"router\", \"state\": \"begins\""), "the webhook is not told");
    check(comes("mail", "the router is silent"), "no mail");
    check(wait_until(is_written_down, NULL, PATIENCE_MS), "it is not written down");
    process_kill(notifier);
    start_notifier();
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(comes("webhook", "\"cause\": \"router\", \"state\": \"over\""), "its end is not told");
    check(comes("mail", "the router answers again"), "no mail of its end");
    check(notice_targets_count(targets, "webhook", "\"state\": \"begins\"") == 1, "it is told twice");
    check(notice_targets_count(targets, "mail", "the router is silent, nothing is delivered.") == 1,
          "it is mailed twice");
}
END_TEST

static bool is_silent_twice(void *context)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    const char *words = context;
    file_read(sandbox_path(sandbox, "notifier-0.log"), &log);
    const char *first = strstr(text_string(&log), words);
    return first && strstr(first + 1, words);
}

/* While the webhook keeps the message of the end. */
START_TEST(a_router_that_falls_silent_again_is_told_again)
{
    set_up_with("", "router 6s");
    start_notifier();
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    check(comes("webhook", "\"state\": \"begins\""), "the webhook is not told");
    notice_targets_slow(targets, true);
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(comes("webhook", "\"state\": \"over\""), "its end is not told");
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    check(
        wait_until(is_silent_twice, (void *)(uintptr_t) "the router is silent: telling people", PATIENCE_MS),
        "it is not noticed again");
    notice_targets_slow(targets, false);
    check(notice_targets_wait(targets, "webhook", "\"state\": \"begins\"", 2, PATIENCE_MS),
          "the second silence is not told");
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(notice_targets_wait(targets, "webhook", "\"state\": \"over\"", 2, PATIENCE_MS),
          "its end is not told");
}
END_TEST

/* ---- the command ---- */

START_TEST(a_test_tells_what_each_answered)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text refused = TEXT_EMPTY;
    set_up_with("", "failed");
    check(felucca("notify", "--test", &output) == EXIT_OK, text_string(&output));
    check(strstr(text_string(&output), "hook: OK: answered 204\n") != NULL, text_string(&output));
    check(strstr(text_string(&output), "post: OK: answered 250 queued as 7\n") != NULL, text_string(&output));
    check(comes("webhook", "\"state\": \"test\""), "no test came");
    check(comes("mail", "a test: whoever reads this"), "no test was mailed");
    notice_targets_refuse(targets, true);
    check(felucca("notify", "--test", &refused) == EXIT_NO, text_string(&refused));
    check(strstr(text_string(&refused), "hook: NOT TAKEN: answered 503\n") != NULL, text_string(&refused));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("notify");
    tests_timeout(tests, 200);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, both_are_told_without_any_uid);
    tests_add(tests, a_dead_webhook_holds_up_nobody);
    tests_add(tests, what_is_refused_comes_later);
    tests_add(tests, a_cause_that_is_not_wanted_any_more_is_not_called_over);
    tests_add(tests, a_new_target_hears_of_what_has_begun);
    tests_add(tests, a_token_near_its_end_is_told);
    tests_add(tests, a_silent_router_is_noticed);
    tests_add(tests, a_router_that_falls_silent_again_is_told_again);
    tests_add(tests, a_test_tells_what_each_answered);
    return tests_run(tests);
}
