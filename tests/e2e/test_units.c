/* The systemd units leave each process the system calls that it makes: seen with strace while a study
 * travels. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 20 << 10, NOT_HERE = 77, LISTING_MS = 60000 };

static const struct unit {
    enum pipeline_stage stage;
    const char *file, *trace; /* trace: in the sandbox */
} units[PIPELINE_KINDS] = {
    {PIPELINE_ROUTER, "felucca-router.service", "router.strace"},
    {PIPELINE_RECEIVER, "felucca-receiver.service", "receiver.strace"},
    {PIPELINE_SENDER, "felucca-sender@.service", "sender.strace"},
    {PIPELINE_SHARER, "felucca-sharer.service", "sharer.strace"},
    {PIPELINE_COMMITTER, "felucca-committer.service", "committer.strace"},
    {PIPELINE_NOTIFIER, "felucca-notifier.service", "notifier.strace"},
    {PIPELINE_CONSOLE, "felucca-console.service", "console.strace"},
    {PIPELINE_TRAY, "felucca-tray.service", "tray.strace"},
};

static struct text sets = TEXT_EMPTY; /* all that systemd knows, as it lists them */

/* ---- what a filter lets through ---- */

/* The next line behind *cursor without blanks around it, in line; false: there is none. */
static bool next_line(const char **cursor, char *line, size_t size)
{
    if (!**cursor)
        return false;
    size_t length = strcspn(*cursor, "\n");
    const char *start = *cursor + strspn(*cursor, " ");
    size_t kept = start < *cursor + length ? (size_t)(*cursor + length - start) : 0;
    snprintf(line, size, "%.*s", (int)kept, start);
    *cursor += length + ((*cursor)[length] == '\n');
    return true;
}

/* item: a call or an "@set" of the listing. */
static bool covers(const char *item, const char *call)
{
    AUTO(text_release) struct text title = TEXT_EMPTY;
    char line[128];
    if (item[0] != '@')
        return strcmp(item, call) == 0;
    text_format(&title, "\n%s\n", item);
    const char *cursor = strstr(text_string(&sets), text_string(&title));
    ck_assert_msg(cursor, "systemd knows no %s", item);
    cursor += title.length;
    while (*cursor == ' ' && next_line(&cursor, line, sizeof line))
        if (line[0] && line[0] != '#' && covers(line, call))
            return true;
    return false;
}

/* Lines of a unit: SystemCallFilter=[~]ITEM… */
static bool lets_through(const struct text *unit, const char *call)
{
    static const char key[] = "\nSystemCallFilter=";
    bool through = false;
    for (const char *at = text_string(unit); (at = strstr(at, key));) {
        at += strlen(key);
        bool denies = *at == '~';
        AUTO(memory_free) char *copy = memory_string_n(at + denies, strcspn(at + denies, "\n"));
        for (char *rest = copy, *item; (item = strsep(&rest, " "));)
            if (*item && covers(item, call))
                through = !denies;
    }
    return through;
}

/* ---- what a process does ---- */

static bool is_new(struct text *seen, const char *call)
{
    AUTO(text_release) struct text word = TEXT_EMPTY;
    text_format(&word, " %s ", call);
    if (strstr(text_string(seen), text_string(&word)))
        return false;
    text_append(seen, text_string(&word));
    return true;
}

/* "123 openat(AT_FDCWD, …": each name is looked at once. */
static size_t check_trace(struct scene *scene, const struct unit *unit)
{
    AUTO(text_release) struct text rules = TEXT_EMPTY;
    AUTO(text_release) struct text trace = TEXT_EMPTY;
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    size_t count = 0;
    char call[32];
    text_format(&path, FELUCCA_SOURCE "/packaging/systemd/%s.in", unit->file);
    file_read(text_string(&path), &rules);
    file_read(sandbox_path(scene->sandbox, "%s", unit->trace), &trace);
    for (const char *line = text_string(&trace); *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (sscanf(line, "%*d %31[a-z0-9_](", call) != 1 || !is_new(&seen, call))
            continue;
        count++;
        /* SQLite gives its files their owner where it is root, which the unit's process is not. */
        if (strcmp(call, "fchown") == 0 && geteuid() == 0)
            continue;
        ck_assert_msg(lets_through(&rules, call), "%s denies %s", unit->file, call);
    }
    return count;
}

static bool is_there(void *context)
{
    return file_exists(context);
}

START_TEST(no_call_is_denied)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    struct scene scene = {0};
    const char *prefix[PIPELINE_KINDS][8];
    scene_open(&scene);
    AUTO(text_release) struct text more = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int port = port_free();
    text_format(&more,
                "notify: { webhooks: [ { url: http://127.0.0.1:9/ } ] }\nconsole: { port: %d }\n"
                "trays: [ { name: IN, folder: %s, settle: 100ms } ]\n",
                port, sandbox_make_folder(scene.sandbox, "in"));
    scene_set_up(&scene, text_string(&more));
    for (size_t i = 0; i < ROWS(units); i++) {
        const char *words[] = {
            "strace", "-D", "-f", "-qq", "-o", sandbox_path(scene.sandbox, "%s", units[i].trace), NULL};
        memcpy(prefix[i], words, sizeof words);
        pipeline_equip(scene.pipeline, units[i].stage, NULL, prefix[i]);
    }
    pipeline_start_all(scene.pipeline);
    pipeline_start(scene.pipeline, PIPELINE_NOTIFIER);
    pipeline_start(scene.pipeline, PIPELINE_CONSOLE);
    pipeline_start(scene.pipeline, PIPELINE_COMMITTER);
    pipeline_start(scene.pipeline, PIPELINE_TRAY);
    const char *output = sandbox_path(scene.sandbox, "storescu");
    ck_assert(scene_send(&scene, scene_study(&scene, 1, 2, 3, BYTES), output));
    scene_acknowledged(output, 1, &instances, NULL);
    scene_wait_done(&scene, &instances);
    (void)sandbox_write(scene.sandbox, "in/readme", "no DICOM file");
    struct dicom_spec spec;
    dicom_spec_init(&spec, 2);
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(scene.sandbox, "in/file")), 0);
    const char *done = sandbox_path(scene.sandbox, "in/done/file");
    ck_assert(wait_until(is_there, (void *)(uintptr_t)done, LISTING_MS));
    ck_assert_int_eq(http_client_request(port, "GET", "/studies", NULL, NULL, 0, &answer), 200);
    pipeline_stop_all(scene.pipeline);
    for (size_t i = 0; i < ROWS(units); i++)
        ck_assert_msg(check_trace(&scene, &units[i]) > 20, "%s: nothing was traced", units[i].file);
    scene_close(&scene);
}
END_TEST

START_TEST(filters_are_understood)
{
    static const struct text unit = {
        (char *)"\nSystemCallFilter=@system-service\nSystemCallFilter=~@resources read\n", 64, 0};
    ck_assert(lets_through(&unit, "openat"));
    ck_assert(!lets_through(&unit, "read"));
    ck_assert(!lets_through(&unit, "setpriority"));
    ck_assert(!lets_through(&unit, "mount"));
    ck_assert(!lets_through(&unit, "ptrace"));
}
END_TEST

int main(void)
{
    static const char *const list[] = {"systemd-analyze", "--no-pager", "syscall-filter", NULL};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    puts("skipped: sanitizers make calls of their own, and cannot be traced");
    return NOT_HERE;
#endif
    text_append(&sets, "\n");
    if (process_run(list, NULL, LISTING_MS, &sets) != 0) {
        printf("skipped: systemd-analyze: %s\n", text_string(&sets));
        return NOT_HERE;
    }
    struct tests *tests = tests_create("units");
    tests_timeout(tests, 200);
    tests_add(tests, filters_are_understood);
    tests_add(tests, no_call_is_denied);
    int status = tests_run(tests);
    text_release(&sets);
    return status;
}
