#include "common/sandbox/sandbox.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct filter_rule rules[] = {{"write", FILTER_ALWAYS}};

static void forbidden(const char *call)
{
    (void)call;
}

/* Which of its promises a process that entered it breaks; 0: none. */
static int enter_with_a_folder_that_is_none(void)
{
    static const int none = -1;
    const struct sandbox_rules limits = {rules, ROWS(rules), &none, 1, forbidden};
    struct text refused = TEXT_EMPTY;
    struct sysinfo info;
    if (sandbox_enter(&limits, &refused) == 0)
        return 1;
    if (!strstr(text_string(&refused), "paths (Landlock)") || strstr(text_string(&refused), "seccomp"))
        return 2;
    return sysinfo(&info) == -1 && errno == ENOSYS ? 0 : 3;
}

START_TEST(a_refusal_of_paths_leaves_the_calls_limited)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0)
        _exit(enter_with_a_folder_that_is_none());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text lacks = TEXT_EMPTY;
    sandbox_ask_kernel(&lacks);
    if (lacks.length > 0) {
        printf("left out: %s\n", text_string(&lacks));
        return 77;
    }
    struct tests *tests = tests_create("sandbox");
    tests_add(tests, a_refusal_of_paths_leaves_the_calls_limited);
    return tests_run(tests);
}
