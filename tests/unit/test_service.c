#include "common/service/service.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/service/service_options.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 8, LIMIT_MS = 10000 };

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    ck_assert_int_eq(unsetenv("FELUCCA_CONFIG"), 0);
    sandbox_write(sandbox, "good.yaml", "state_dir: state\ncell: cell-1\nmetrics: { port: 0 }\nnodes: []\n");
    sandbox_write(
        sandbox, "other.yaml",
        "state_dir: state\ncell: cell-1\nmetrics: { port: 0 }\nsender: { slots: 9 }\nlog: { level: error }\nnodes: []\n");
    sandbox_write(sandbox, "bad.yaml", "receiver: { port: x }\n");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* ---- options ---- */

static const struct option_row {
    const char *label;
    const char *arguments[ARGUMENTS_MAX];
    const char *reason; /* part of it; NULL: they are right */
} option_rows[] = {
    {"none", {NULL}, NULL},
    {"everything", {"--config", "x", "--log-level", "debug", "--log-format", "json", "--check"}, NULL},
    {"with signs", {"--config=x", "--log-level=debug", "--log-format=json"}, NULL},
    {"help", {"--help"}, NULL},
    {"an unknown option", {"--verbose"}, "unknown argument --verbose"},
    {"an argument", {"x"}, "unknown argument x"},
    {"a short option", {"-c", "x"}, "unknown argument -c"},
    {"half a name", {"--conf", "x"}, "unknown argument --conf"},
    {"a file missing", {"--config"}, "--config takes FILE"},
    {"an empty file", {"--config="}, "--config: \"\" is not right"},
    {"a value too many", {"--check=yes"}, "--check takes no value"},
    {"an unknown level", {"--log-level", "loud"}, "\"loud\" is not right; error, warning, info or debug"},
    {"an unknown format", {"--log-format", "xml"}, "\"xml\" is not right; text or json"},
};

static int collect(const char *const *arguments, char **argv)
{
    int argc = 1;
    argv[0] = (char *)"felucca-sender";
    for (; argc <= ARGUMENTS_MAX && arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    argv[argc] = NULL;
    return argc;
}

START_TEST(options_are_read)
{
    const struct option_row *row = &option_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct service_options options;
    char *argv[ARGUMENTS_MAX + 2];
    int argc = collect(row->arguments, argv);
    int code = service_options_parse(argc, argv, &options, &reason);
    ck_assert_msg((code == 0) == (row->reason == NULL), "%s: %s", row->label, text_string(&reason));
    ck_assert_msg(!row->reason || strstr(text_string(&reason), row->reason), "%s: %s", row->label,
                  text_string(&reason));
}
END_TEST

START_TEST(options_have_their_values)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct service_options options;
    char *argv[ARGUMENTS_MAX + 2];
    int argc = collect(
        (const char *const[]){"--log-level", "debug", "--config=a=b", "--log-format", "json", NULL}, argv);
    ck_assert_int_eq(service_options_parse(argc, argv, &options, &reason), 0);
    ck_assert_str_eq(options.config, "a=b");
    ck_assert(options.has_level && options.level == LOG_DEBUG);
    ck_assert(options.has_format && options.format == LOG_JSON);
    ck_assert(!options.check && !options.help && !options.version);
}
END_TEST

/* ---- ends before the beginning ---- */

static const struct exit_row {
    const char *label;
    const char *arguments[ARGUMENTS_MAX];
    int status;
    const char *output, *errors; /* parts; "": nothing at all */
} exit_rows[] = {
    {"--help", {"--help"}, EXIT_OK, "usage: felucca-sender [OPTIONS]\n\n  --config FILE", ""},
    {"--version", {"--version"}, EXIT_OK, "felucca-sender " FELUCCA_VERSION ", commit unknown\n", ""},
    {"--check of a good file",
     {"--check", "--config", "good.yaml"},
     EXIT_OK,
     "configuration OK: 0 nodes, 0 destinations, 0 albums\n",
     "good.yaml:4:8: nodes: there is none"},
    {"--check of a bad file",
     {"--check", "--config", "bad.yaml"},
     EXIT_CONFIG,
     "",
     "bad.yaml:1:19: receiver: port:"},
    {"a bad file", {"--config", "bad.yaml"}, EXIT_CONFIG, "", "bad.yaml:1:1: the key nodes is missing"},
    {"no file",
     {"--config", "nowhere.yaml"},
     EXIT_CONFIG,
     "",
     "nowhere.yaml: the configuration cannot be read"},
    {"usage", {"--nonsense"}, EXIT_USAGE, "", "felucca-sender: unknown argument --nonsense; --help shows"},
};

static void redirect(int fd, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) != fd)
        _exit(99);
}

START_TEST(start_ends_by_itself)
{
    const struct exit_row *row = &exit_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    char *argv[ARGUMENTS_MAX + 2];
    int argc = collect(row->arguments, argv);
    int status = 0;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        redirect(STDOUT_FILENO, "output");
        redirect(STDERR_FILENO, "errors");
        (void)service_start("sender", argc, argv);
        _exit(98); /* it came back */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == row->status, "%s: %x", row->label,
                  (unsigned)status);
    file_read("output", &output);
    file_read("errors", &errors);
    ck_assert_msg(*row->output ? strstr(text_string(&output), row->output) != NULL : output.length == 0,
                  "%s: %s", row->label, text_string(&output));
    ck_assert_msg(*row->errors ? strstr(text_string(&errors), row->errors) != NULL : errors.length == 0,
                  "%s: %s", row->label, text_string(&errors));
}
END_TEST

/* ---- signals: the test is the service ---- */

static struct service *start(const char *name, const char *config)
{
    char *argv[ARGUMENTS_MAX + 2];
    int argc = collect((const char *const[]){"--config", config, NULL}, argv);
    return service_start(name, argc, argv);
}

static void copy(const char *from, const char *to)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(from, &content);
    file_write(to, text_string(&content), content.length);
}

struct reloads {
    int count, old_slots, new_slots;
};

static void take_reload(void *context, const struct config *old, const struct config *new)
{
    struct reloads *reloads = context;
    reloads->count++;
    reloads->old_slots = old->sender.slots;
    reloads->new_slots = new->sender.slots;
}

/* Sends a signal to this process and lets the service take it. */
static void signal_service(struct service *service, int number)
{
    struct pollfd fd = {.fd = service_signal_fd(service), .events = POLLIN};
    ck_assert_int_eq(kill(getpid(), number), 0);
    ck_assert_int_eq(poll(&fd, 1, LIMIT_MS), 1);
    service_turn(service);
}

static void ck_metric(struct service *service, const char *line)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    metrics_print(service_metrics(service), &out);
    ck_assert_msg(strstr(text_string(&out), line), "%s: %s", line, text_string(&out));
}

START_TEST(good_file_is_taken)
{
    struct reloads reloads = {0};
    copy("good.yaml", "now.yaml");
    AUTO(service_stop) struct service *service = start("sender", "now.yaml");
    service_on_reload(service, take_reload, &reloads);
    ck_assert_int_eq(service_config(service)->sender.slots, 4);
    copy("other.yaml", "now.yaml");
    signal_service(service, SIGHUP);
    ck_assert_int_eq(service_config(service)->sender.slots, 9);
    ck_assert_int_eq(reloads.count, 1);
    ck_assert_int_eq(reloads.old_slots, 4);
    ck_assert_int_eq(reloads.new_slots, 9);
    ck_assert_int_eq(log_current_level(), LOG_ERROR);
    ck_metric(service, "felucca_config_reloads_total{outcome=\"ok\"} 1\n");
    ck_metric(service,
              "felucca_build_info{version=\"" FELUCCA_VERSION "\",commit=\"unknown\",cell=\"cell-1\"} 1\n");
}
END_TEST

START_TEST(bad_file_leaves_the_old_one_in_force)
{
    struct reloads reloads = {0};
    copy("other.yaml", "now.yaml");
    AUTO(service_stop) struct service *service = start("sender", "now.yaml");
    service_on_reload(service, take_reload, &reloads);
    copy("bad.yaml", "now.yaml");
    signal_service(service, SIGHUP);
    ck_assert_int_eq(service_config(service)->sender.slots, 9);
    ck_assert_int_eq(unlink("now.yaml"), 0);
    signal_service(service, SIGHUP);
    ck_assert_int_eq(service_config(service)->sender.slots, 9);
    ck_assert_int_eq(reloads.count, 0);
    ck_metric(service, "felucca_config_reloads_total{outcome=\"failed\"} 2\n");
    copy("good.yaml", "now.yaml");
    signal_service(service, SIGHUP);
    ck_assert_int_eq(service_config(service)->sender.slots, 4);
    ck_assert_int_eq(reloads.count, 1);
}
END_TEST

START_TEST(level_of_the_command_line_outlives_a_reload)
{
    char *argv[ARGUMENTS_MAX + 2];
    int argc = collect((const char *const[]){"--config=other.yaml", "--log-level=warning", NULL}, argv);
    AUTO(service_stop) struct service *service = service_start("sender", argc, argv);
    ck_assert_int_eq(log_current_level(), LOG_WARNING);
    signal_service(service, SIGHUP);
    ck_assert_int_eq(log_current_level(), LOG_WARNING);
}
END_TEST

START_TEST(signals_change_the_detail_of_the_log)
{
    AUTO(service_stop) struct service *service = start("router", "good.yaml");
    ck_assert_int_eq(log_current_level(), LOG_INFO);
    signal_service(service, SIGUSR1);
    ck_assert_int_eq(log_current_level(), LOG_DEBUG);
    signal_service(service, SIGUSR1);
    ck_assert_int_eq(log_current_level(), LOG_DEBUG);
    for (int i = 0; i < 5; i++)
        signal_service(service, SIGUSR2);
    ck_assert_int_eq(log_current_level(), LOG_ERROR);
}
END_TEST

/* Memory holds images and tokens: it stays in memory, unless a developer asks for it. */
START_TEST(memory_is_left_behind_only_where_asked_for)
{
    const bool wanted = _i == 1;
    sandbox_write(sandbox, "dumps.yaml",
                  wanted ? "state_dir: state\ncore_dumps: true\nmetrics: { port: 0 }\nnodes: []\n"
                         : "state_dir: state\nmetrics: { port: 0 }\nnodes: []\n");
    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
    AUTO(service_stop) struct service *service = start("receiver", "dumps.yaml");
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), wanted);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert(wanted || limit.rlim_cur == 0);
    /* What it forks is like it. */
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(prctl(PR_GET_DUMPABLE));
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == wanted);
}
END_TEST

START_TEST(broken_pipe_is_no_end)
{
    AUTO(service_stop) struct service *service = start("router", "good.yaml");
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    close(ends[1]);
    ck_assert(!service_stopping(service));
}
END_TEST

/* ---- the run ---- */

struct work {
    struct service *service;
    int turns, stop_at, signal_number;
    int left; /* turns with work in hand, after the stop */
    int64_t pause_ms;
};

static bool turn(void *context)
{
    struct work *work = context;
    struct pollfd fd = {.fd = service_signal_fd(work->service), .events = POLLIN};
    if (++work->turns == work->stop_at)
        ck_assert_int_eq(kill(getpid(), work->signal_number), 0);
    (void)poll(&fd, 1, (int)work->pause_ms);
    service_turn(work->service);
    return service_stopping(work->service) ? work->left-- > 0 : true;
}

static const struct run_row {
    const char *label;
    int signal_number, left, turns;
} run_rows[] = {
    {"SIGTERM with nothing in hand", SIGTERM, 0, 3},
    {"SIGINT with nothing in hand", SIGINT, 0, 3},
    {"SIGTERM with something in hand", SIGTERM, 5, 8},
};

START_TEST(run_ends_after_what_is_in_hand)
{
    const struct run_row *row = &run_rows[_i];
    AUTO(service_stop) struct service *service = start("sender", "good.yaml");
    struct work work = {service, 0, 3, row->signal_number, row->left, 1};
    /* Turns: up to the signal, those with work, and a last one that says there is none. */
    ck_assert_int_eq(service_run(service, turn, &work), EXIT_OK);
    ck_assert_msg(work.turns == row->turns + (row->left == 0), "%s: %d turns", row->label, work.turns);
    ck_assert_int_eq(work.left, -1 - (row->left == 0));
}
END_TEST

START_TEST(run_does_not_wait_for_ever)
{
    AUTO(service_stop) struct service *service = start("sender", "good.yaml");
    struct work work = {service, 0, 1, SIGTERM, 1000000, 1};
    service_set_drain(service, 50);
    int64_t begin = clock_monotonic_ms();
    ck_assert_int_eq(service_run(service, turn, &work), EXIT_OK);
    ck_assert_int_lt(clock_monotonic_ms() - begin, LIMIT_MS);
    ck_assert_int_gt(work.left, 0);
}
END_TEST

static const struct port_row {
    const char *name;
    int offset;
} port_rows[] = {{"receiver", 0}, {"router", 1}, {"sender", 2}, {"sharer", 3}};

struct visit {
    struct service *service;
    int port, status;
};

static bool visit(void *context)
{
    struct visit *visit = context;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    visit->status = http_client_request(visit->port, "GET", "/healthz", NULL, NULL, 0, &answer);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    return false;
}

START_TEST(each_process_has_its_metrics_port)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    int base = port_free_run(4);
    text_format(&yaml, "metrics: { port: %d }\nreceiver: { port: 1 }\nnodes: []\n", base);
    sandbox_write(sandbox, "port.yaml", text_string(&yaml));
    AUTO(service_stop) struct service *service = start(port_rows[_i].name, "port.yaml");
    struct visit visited = {service, base + port_rows[_i].offset, 0};
    ck_assert_int_eq(service_run(service, visit, &visited), EXIT_OK);
    ck_assert_int_eq(visited.status, 200);
}
END_TEST

START_TEST(taken_metrics_port_is_no_end)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    AUTO(metrics_destroy) struct metrics *other = metrics_create();
    ck_assert_int_eq(metrics_serve(other, "127.0.0.1", 0), 0);
    text_format(&yaml, "metrics: { port: %d }\nreceiver: { port: 1 }\nnodes: []\n", metrics_port(other) - 2);
    sandbox_write(sandbox, "port.yaml", text_string(&yaml));
    AUTO(service_stop) struct service *service = start("sender", "port.yaml");
    struct work work = {service, 0, 1, SIGTERM, 0, 1};
    ck_assert_int_eq(service_run(service, turn, &work), EXIT_OK);
    ck_assert_int_eq(metrics_port(service_metrics(service)), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("service");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, options_are_read, ROWS(option_rows));
    tests_add(tests, options_have_their_values);
    tests_rows(tests, start_ends_by_itself, ROWS(exit_rows));
    tests_add(tests, good_file_is_taken);
    tests_add(tests, bad_file_leaves_the_old_one_in_force);
    tests_add(tests, level_of_the_command_line_outlives_a_reload);
    tests_add(tests, signals_change_the_detail_of_the_log);
    tests_rows(tests, memory_is_left_behind_only_where_asked_for, 2);
    tests_add(tests, broken_pipe_is_no_end);
    tests_rows(tests, run_ends_after_what_is_in_hand, ROWS(run_rows));
    tests_add(tests, run_does_not_wait_for_ever);
    tests_rows(tests, each_process_has_its_metrics_port, ROWS(port_rows));
    tests_add(tests, taken_metrics_port_is_no_end);
    return tests_run(tests);
}
