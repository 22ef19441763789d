#include "common/base/exposed.h"
#include "tests/support/loading.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include "common/jobs/jobdb.h"

#include <string.h>
#include <sys/stat.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct mode_row {
    const char *label;
    mode_t above, folder, file;
    bool exposed;
} mode_rows[] = {
    {"as the umask leaves it", 0755, 0755, 0644, true},
    {"others may write it", 0755, 0755, 0642, true},
    {"a folder that can be passed, not listed", 0711, 0711, 0644, true},
    {"the file is for its group", 0755, 0755, 0640, false},
    {"the folder is for its group", 0755, 0750, 0644, false},
    {"a folder above is", 0750, 0755, 0644, false},
    {"others may run it", 0755, 0755, 0641, false},
};

START_TEST(modes_of_file_and_folders_count)
{
    const struct mode_row *row = &mode_rows[_i];
    (void)sandbox_make_folder(sandbox, "a/b");
    const char *file = sandbox_write(sandbox, "a/b/file", "x");
    ck_assert_int_eq(chmod(sandbox_folder(sandbox), row->above), 0);
    ck_assert_int_eq(chmod(sandbox_path(sandbox, "a/b"), row->folder), 0);
    ck_assert_int_eq(chmod(sandbox_path(sandbox, "a"), 0755), 0);
    ck_assert_int_eq(chmod(file, row->file), 0);
    ck_assert_msg(exposed_to_all(file) == row->exposed, "%s", row->label);
    ck_assert(!exposed_to_all(sandbox_path(sandbox, "a/b/nothing")));
}
END_TEST

static const struct secret_row {
    const char *label, *token;
    mode_t config, secret;
    const char *warning; /* NULL: none */
} secret_rows[] = {
    {"a token in a file for all", "inline", 0644, 0600,
     "is a secret, and every user of this machine may read this file"},
    {"a token in a file for the group", "inline", 0640, 0600, NULL},
    {"a token of its own file", "${file:token}", 0644, 0640, NULL},
    {"a token file for all", "${file:token}", 0644, 0644, "every user of this machine may read "},
    {"a token file that is not here", "${file:nothing}", 0644, 0644, NULL},
};

START_TEST(exposed_secret_is_warned_of)
{
    const struct secret_row *row = &secret_rows[_i];
    struct config *config = NULL;
    struct text yaml = TEXT_EMPTY, errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    text_format(
        &yaml,
        "nodes:\n  - aet: A\n    destinations:\n      - name: d\n        stow_url: https://k/api/studies\n"
        "        headers: 'Authorization: Bearer %s'\n",
        row->token);
    const char *path = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    ck_assert_int_eq(chmod(sandbox_folder(sandbox), 0755), 0);
    ck_assert_int_eq(chmod(sandbox_write(sandbox, "token", "secret"), row->secret), 0);
    ck_assert_int_eq(chmod(path, row->config), 0);
    ck_assert_msg(config_load(path, &config, &errors, &warnings) == 0, "%s", text_string(&errors));
    const char *told = strstr(text_string(&warnings), "every user of this machine");
    ck_assert_msg(row->warning ? strstr(text_string(&warnings), row->warning) != NULL : told == NULL,
                  "%s: %s", row->label, text_string(&warnings));
    ck_assert_msg(!row->warning || strstr(text_string(&warnings), "felucca.yaml:6:18: headers: "), "%s: %s",
                  row->label, text_string(&warnings));
    ck_assert_ptr_null(strstr(text_string(&warnings), "inline"));
    config_destroy(&config);
    text_release(&yaml);
    text_release(&errors);
    text_release(&warnings);
}
END_TEST

START_TEST(job_database_is_for_its_group_at_most)
{
    struct jobdb *db = NULL;
    struct text reason = TEXT_EMPTY;
    struct stat status;
    (void)umask(0);
    ck_assert_int_eq(jobdb_open(sandbox_make_folder(sandbox, "state"), &db, &reason), 0);
    static const char *const files[] = {"jobs.db", "jobs.db-wal", "jobs.db-shm"};
    for (size_t i = 0; i < ROWS(files); i++) {
        ck_assert_int_eq(stat(sandbox_path(sandbox, "state/%s", files[i]), &status), 0);
        ck_assert_msg((status.st_mode & 07777) == 0640, "%s: %o", files[i], status.st_mode & 07777);
    }
    jobdb_destroy(&db);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("exposed");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, modes_of_file_and_folders_count, ROWS(mode_rows));
    tests_rows(tests, exposed_secret_is_warned_of, ROWS(secret_rows));
    tests_add(tests, job_database_is_for_its_group_at_most);
    return tests_run(tests);
}
