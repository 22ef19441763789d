/* Which processes run here, told from a /proc that is made up. */
#include "cli/present.h"

#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>
#include <unistd.h>

enum { LINES = 4 };

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
    (void)sandbox_make_folder(sandbox, "proc");
    (void)sandbox_make_folder(sandbox, "proc/77/cwd");
    (void)sandbox_write(sandbox, "felucca.yaml", "");
    (void)sandbox_write(sandbox, "proc/77/cwd/felucca.yaml", "");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

#define BIT(name) (1u << PROCESS_##name)

/* In a line | ends a word, and @ is our configuration. */
static const struct present_row {
    const char *label;
    const char *lines[LINES];
    bool supervisor;
    unsigned processes;
} present_rows[] = {
    {"nobody", {"sh|", "cat|felucca-sender|"}, false, 0},
    {"one of a container", {"/usr/bin/felucca-sender|"}, false, BIT(SENDER)},
    {"its children are no others", {"felucca-receiver|", "felucca-receiver|"}, false, BIT(RECEIVER)},
    {"several of a pod",
     {"felucca-router|", "felucca-header|--log-json|", "felucca-sharer|"},
     false,
     BIT(ROUTER) | BIT(HEADER) | BIT(SHARER)},
    {"a supervisor", {"felucca|up|--senders|2|", "felucca-router|--config|@|"}, true, BIT(ROUTER)},
    {"a supervisor with its options first", {"/opt/felucca|--config|@|up|"}, true, 0},
    {"one that asks", {"felucca|health|"}, false, 0},
    {"with our configuration", {"felucca-sender|--config=@|"}, false, BIT(SENDER)},
    {"with another one",
     {"felucca-sender|--config|/etc/other.yaml|", "felucca|--config|/etc/other.yaml|up|"},
     false,
     0},
    {"with a relative one, which is another file", {"felucca-sender|--config|felucca.yaml|"}, false, 0},
    {"a word of no process", {"felucca-pilot|"}, false, 0},
    {"nothing at all", {""}, false, 0},
};

static void write_line(int index, const char *line, const char *config)
{
    char bytes[1024];
    size_t length = 0;
    for (const char *c = line; *c; c++) {
        if (*c == '@') {
            memcpy(bytes + length, config, strlen(config));
            length += strlen(config);
        } else {
            bytes[length++] = *c == '|' ? '\0' : *c;
        }
    }
    (void)sandbox_make_folder(sandbox, "proc/%d", 77 + index);
    file_write(sandbox_path(sandbox, "proc/%d/cmdline", 77 + index), bytes, length);
}

START_TEST(what_runs_is_told_from_command_lines)
{
    const struct present_row *row = &present_rows[_i];
    struct present present;
    const char *config = sandbox_path(sandbox, "felucca.yaml");
    for (int i = 0; i < LINES && row->lines[i]; i++)
        write_line(i, row->lines[i], config);
    present_look(sandbox_path(sandbox, "proc"), config, &present);
    ck_assert_msg(present.supervisor == row->supervisor, "%s", row->label);
    for (unsigned i = 0; i < PROCESSES; i++)
        ck_assert_msg(present.processes[i] == ((row->processes >> i & 1) != 0), "%s: %s", row->label,
                      processes_table()[i].name);
    ck_assert_int_eq(present_any(&present), row->supervisor || row->processes != 0);
}
END_TEST

static void give_namespaces(const char *pid, const char *processes, const char *mounts)
{
    (void)sandbox_make_folder(sandbox, "proc/%s/ns", pid);
    ck_assert_int_eq(symlink(processes, sandbox_path(sandbox, "proc/%s/ns/pid", pid)), 0);
    ck_assert_int_eq(symlink(mounts, sandbox_path(sandbox, "proc/%s/ns/mnt", pid)), 0);
}

/* A container's processes are in its host's /proc, too. What cannot be told counts as here, and so does a unit of systemd, which
 * has mounts of its own. */
START_TEST(what_runs_in_a_container_is_not_here)
{
    struct present present;
    const char *config = sandbox_path(sandbox, "felucca.yaml");
    write_line(0, "felucca-router|", config);
    write_line(1, "felucca-sender|", config);
    write_line(2, "felucca-sharer|", config);
    give_namespaces("self", "pid:[1]", "mnt:[1]");
    give_namespaces("77", "pid:[1]", "mnt:[7]");
    give_namespaces("78", "pid:[2]", "mnt:[1]");
    present_look(sandbox_path(sandbox, "proc"), config, &present);
    ck_assert(present.processes[PROCESS_ROUTER]);
    ck_assert(!present.processes[PROCESS_SENDER]);
    ck_assert(present.processes[PROCESS_SHARER]);
}
END_TEST

START_TEST(a_proc_that_is_not_there_has_nobody)
{
    struct present present = {.supervisor = true};
    present_look(sandbox_path(sandbox, "nothing"), "x", &present);
    ck_assert(!present_any(&present));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("present");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_runs_is_told_from_command_lines, ROWS(present_rows));
    tests_add(tests, what_runs_in_a_container_is_not_here);
    tests_add(tests, a_proc_that_is_not_there_has_nobody);
    return tests_run(tests);
}
