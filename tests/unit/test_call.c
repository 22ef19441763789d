/* A request that reaches no router: told in sentences of the caller's, and nothing is printed. What a router
 * answers, test_control and test_change see. */
#include "common/wire/call.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct call_row {
    const char *label;
    const char *socket; /* what is there in its place; NULL: nothing */
    const char *why;
} call_rows[] = {
    {"no socket", NULL, "router not reachable: there is no socket; is felucca-router running?\n"},
    {"nobody behind it", "", "router not reachable: nobody listens there; is felucca-router running?\n"},
};

/* Runs the call with stdout and stderr in a file; what it says of the failure. */
static int call_nobody(struct text *ret_reason, const char *printed)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    const char *path = sandbox_write(sandbox, "felucca.yaml", "state_dir: state\nnodes: []\n");
    ck_assert_msg(config_load(path, &config, &errors, &errors) == 0, "%s", text_string(&errors));
    ck_assert_int_eq(control_request_start(&request, CONTROL_HOLD), 0);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    AUTO(fd_close) int file = open(printed, O_WRONLY | O_CREAT, 0600);
    ck_assert(dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0);
    int code = call_router(config, &request, NULL, NULL, &answer, ret_reason);
    ck_assert(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    ck_assert(lseek(file, 0, SEEK_END) == 0);
    return code;
}

START_TEST(router_is_not_reached)
{
    const struct call_row *row = &call_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    (void)sandbox_make_folder(sandbox, "state");
    (void)sandbox_make_folder(sandbox, "state/run/control");
    if (row->socket)
        (void)sandbox_write(sandbox, "state/run/control/sock", row->socket);
    int code = call_nobody(&reason, sandbox_path(sandbox, "printed"));
    ck_assert_msg(code == ERR_NETWORK, "%s: %s", row->label, err_text(code));
    const char *where = strchr(text_string(&reason), '\n');
    ck_assert_msg(strncmp(text_string(&reason), row->why, strlen(row->why)) == 0 && where &&
                      strncmp(where + 1, "looked at ipc://", strlen("looked at ipc://")) == 0,
                  "%s: %s", row->label, text_string(&reason));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("call");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, router_is_not_reached, ROWS(call_rows));
    return tests_run(tests);
}
