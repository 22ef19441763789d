/* docs/console.openapi.json and what the console answers say the same: every page, parameter and member of one is one of the
 * other. With FELUCCA_OPENAPI_DUMP=FOLDER the answers are written there. */
#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "console/page.h"
#include "tests/support/console_guest.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static struct sandbox *sandbox;
static struct process *console;
static struct console_guest guest;
static json_t *file; /* the whole of it */
static json_t *seen; /* "schema member" that some answer had */

/* ---- around it ---- */

static void write_config(void)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: state\nreceiver: { port: %d, min_free_space: 256MiB }\nmetrics: { port: 0 }\n"
        "console: { port: %d, users: users }\ntrays: [{ name: IN, folder: /srv/in }]\nfleet: [{ cell: n2, url: 'https://n2.example.org' }]\nnodes:\n  - aet: FIRST\n    sources: [{ aet: SILENT }]\n"
        "    destinations:\n      - name: main\n        stow_url: http://127.0.0.1:9/api/studies\n"
        "        expires: 2030-01-01\n        headers: |\n          Authorization: Bearer ${file:write}\n"
        "        albums:\n          - name: ct\n            api_url: http://127.0.0.1:9/api\n"
        "            destination_token: ${file:write}\n            source_token: ${file:write}\n"
        "            condition: tagValueIsPresent(#Tag.Modality, \"CT\")\n",
        guest.port == 11112 ? 11113 : 11112, guest.port);
    (void)sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    (void)sandbox_write(sandbox, "write", "token\n");
}

static void make_database(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *state = sandbox_make_folder(sandbox, "state");
    stored_database_make(state);
    stored_database_make_spool(state);
    ck_assert_msg(jobdb_open(state, &db, &reason) == 0, "%s", text_string(&reason));
    ck_assert_int_eq(
        sqlite3_exec(
            db->sql,
            "INSERT INTO event (at, kind, instance_id, destination_id, http_status, detail)"
            " SELECT 1767225701000, 'trouble', id, 1, 500, 'refused' FROM instance;"
            "INSERT INTO inquiry (destination_id, album_id, series_id, study, series, request_id, since, until, state, due_at,"
            " http_status, reason, created_at, finished_at) SELECT destination_id, id, 1, '2.25.101', '1.2', 1, 1, 2, 'failed',"
            " 1767225701000, 404, 'gone', 1767225701000, 1767225701000 FROM album LIMIT 1;"
            "INSERT INTO inquiry (destination_id, album_id, series_id, study, series, request_id, since, until, state, due_at,"
            " created_at) SELECT destination_id, id, 2, '2.25.101', '1.3', 1, 1, 2, 'queued', 1767225701000, 1767225701000"
            " FROM album LIMIT 1;"
            "INSERT INTO instance (receipt, state, place, study, series, size, received_at, decided_at, reason, calling_aet,"
            " called_aet) VALUES ('0000000000000000000000000000beef', 'quarantined', 'quarantine', '2.25.101', '1.2', 1000,"
            " 1767225701000, 1767225701000, 'cut', 'CT01', 'FIRST');"
            "INSERT INTO request (name, verb, user, asked, asked_at, finished_at, changed, skipped, sentence)"
            " VALUES ('0123456789abcdef0123456789abcdef', 'retry', 'ada (console)', '{}', 1767225701000,"
            " 1767225702000, 1, 0, '1 job retried');"
            "INSERT INTO commitment (receipt, transaction_uid, calling_aet, called_aet, source_address, state, asked_at,"
            " patience_until, instances, open, reason) VALUES ('00', '1.2', 'CT01', 'FIRST', '10.1.2.3', 'failed',"
            " 1767225701000, 1767225702000, 1, 0, 'nobody listens');"
            "INSERT INTO referenced (commitment_id, sop_class, sop_instance, outcome)"
            " SELECT 1, '1.2', sop_instance, 0 FROM instance WHERE sop_instance IS NOT NULL;"
            "INSERT INTO requester (calling_aet, called_aet, failures, until, last_error, last_error_at)"
            " VALUES ('CT01', 'FIRST', 1, 1767225702000, 'nobody listens', 1767225701000);"
            "INSERT INTO matching_day SELECT destination_id, id, date('now', 'localtime'), 2, 1, 0 FROM album WHERE name = 'ct';"
            "INSERT INTO held_source (calling_aet, held_by, since) VALUES ('CT01', 'ada', 1767225701000)",
            NULL, NULL, NULL),
        SQLITE_OK);
}

static bool is_up(void *context)
{
    (void)context;
    return port_accepts(guest.port);
}

static void run(const char *command)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line, "cd '%s'; %s", sandbox_folder(sandbox), command);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    ck_assert_msg(process_run(argv, NULL, PATIENCE_MS, &output) == 0, "%s", text_string(&output));
}

static void set_up(void)
{
    sandbox = sandbox_create();
    guest = (struct console_guest){.port = port_free()};
    make_database();
    write_config();
    run("echo 'correct horse' | " FELUCCA_BIN
        "/felucca --config felucca.yaml console passwd ada --role operator");
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config",
                                sandbox_path(sandbox, "felucca.yaml"), NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "console.log")};
    console = process_start(argv, &options);
    ck_assert(wait_until(is_up, NULL, PATIENCE_MS));
    ck_assert(console_guest_sign_in(&guest, "ada", "correct+horse"));
    ck_assert_int_eq(console_guest_get(&guest, "/"), 200);
    file = json_load_file(FELUCCA_SOURCE "/docs/console.openapi.json", 0, NULL);
    seen = json_object();
}

static void tear_down(void)
{
    json_decref(file);
    json_decref(seen);
    console_guest_release(&guest);
    process_destroy(&console);
    sandbox_destroy(&sandbox);
}

/* ---- what is asked ---- */

static void take_made(const char *form, const char *page, struct text *ret_path)
{
    AUTO(text_release) struct text location = TEXT_EMPTY;
    ck_assert_int_eq(console_guest_post(&guest, page, form), 303);
    console_guest_header(&guest, "Location", &location);
    text_format(ret_path, "%s.json", text_string(&location));
}

/* An address of a page, whose item is something that is there. */
static void append_example(const char *page, struct text *ret_path)
{
    if (strcmp(page, "change") == 0)
        take_made("verb=hold&destination=main", "/act", ret_path);
    else if (strcmp(page, "found") == 0)
        take_made("kind=patient&number=1", "/find", ret_path);
    else if (strcmp(page, "why") == 0)
        take_made("study=2.25.101&destination=main&album=ct", "/why", ret_path);
    else if (strcmp(page, "tried") == 0)
        take_made("expression=true&destination=main&album=ct", "/try", ret_path);
    else
        text_format(ret_path, strcmp(page, "study") == 0 ? "/study/2.25.101.json" : "/%s.json", page);
}

static json_t *ask(const char *page)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, dump = TEXT_EMPTY;
    const char *folder = getenv("FELUCCA_OPENAPI_DUMP");
    append_example(page, &path);
    ck_assert_msg(console_guest_get(&guest, text_string(&path)) == 200, "%s", text_string(&path));
    json_t *answer = json_loads(console_guest_body(&guest), 0, NULL);
    ck_assert_ptr_nonnull(answer);
    text_format(&dump, "%s/%s.json", folder ? folder : "", page);
    if (folder)
        ck_assert_int_eq(json_dump_file(answer, text_string(&dump), JSON_INDENT(1)), 0);
    return answer;
}

/* ---- how it is compared ---- */

static bool has_type(const json_t *schema, const char *type)
{
    const json_t *types = json_object_get(schema, "type");
    if (json_is_string(types))
        return strcmp(json_string_value(types), type) == 0;
    for (size_t i = 0; i < json_array_size(types); i++)
        if (strcmp(json_string_value(json_array_get(types, i)), type) == 0)
            return true;
    return false;
}

static const char *type_of(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
        [JSON_FALSE] = "boolean",   [JSON_NULL] = "null"};
    return names[json_typeof(value)];
}

static void compare(const json_t *schema, const json_t *value, const char *where);

static void compare_members(const json_t *schema, const json_t *value, const char *where)
{
    json_t *properties = json_object_get(schema, "properties"), *part;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)value, name, part)
    {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s.%s", where, name);
        ck_assert_msg(json_object_get(properties, name),
                      "%s is answered, and not in docs/console.openapi.json", text_string(&path));
        (void)json_object_set_new(seen, text_string(&path), json_true());
        compare(json_object_get(properties, name), part, text_string(&path));
    }
}

static void compare(const json_t *schema, const json_t *value, const char *where)
{
    AUTO(text_release) struct text item = TEXT_EMPTY;
    ck_assert_msg(has_type(schema, type_of(value)),
                  "%s is of another type than in docs/console.openapi.json: %s", where, type_of(value));
    if (json_is_object(value))
        compare_members(schema, value, where);
    text_format(&item, "%s[]", where);
    for (size_t i = 0; i < json_array_size(value); i++)
        compare(json_object_get(schema, "items"), json_array_get(value, i), text_string(&item));
}

/* Each member of the schema was in some answer. */
static void ck_seen(const json_t *schema, const char *where)
{
    json_t *properties = json_object_get(schema, "properties"), *part;
    const char *name;
    AUTO(text_release) struct text item = TEXT_EMPTY;
    json_object_foreach(properties, name, part)
    {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s.%s", where, name);
        ck_assert_msg(json_object_get(seen, text_string(&path)),
                      "%s is in docs/console.openapi.json, and in no answer", text_string(&path));
        ck_seen(part, text_string(&path));
    }
    text_format(&item, "%s[]", where);
    if (json_object_get(schema, "items"))
        ck_seen(json_object_get(schema, "items"), text_string(&item));
}

static const json_t *operation_of(const struct page *page)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, page->has_item ? "/%s/{%s}.json" : "/%s.json", page->name, page->name);
    return json_object_get(json_object_get(json_object_get(file, "paths"), text_string(&path)), "get");
}

static const json_t *schema_of(const struct page *page)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    return json_object_get(json_object_get(json_object_get(file, "components"), "schemas"), page->name);
}

START_TEST(answer_is_as_documented)
{
    const struct page *page = page_at((size_t)_i);
    if (!page)
        return;
    json_t *answer = ask(page->name);
    if (getenv("FELUCCA_OPENAPI_DUMP"))
        return;
    ck_assert_msg(operation_of(page) && schema_of(page), "docs/console.openapi.json has no %s", page->name);
    compare(schema_of(page), answer, page->name);
    ck_seen(schema_of(page), page->name);
    json_decref(answer);
}
END_TEST

/* The query parameters are the page's own. */
START_TEST(parameters_are_as_documented)
{
    const struct page *page = page_at((size_t)_i);
    size_t count = 0, words = 0;
    if (!page || getenv("FELUCCA_OPENAPI_DUMP"))
        return;
    const json_t *parameters = json_object_get(operation_of(page), "parameters");
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *parameter = json_array_get(parameters, i);
        const char *name = json_string_value(json_object_get(parameter, "name"));
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") != 0)
            continue;
        ck_assert_msg(string_has_word(page->parameters, name, strlen(name)), "%s has no parameter %s",
                      page->name, name);
        count++;
    }
    for (const char *word = page->parameters; *word; word += strcspn(word, " "), word += strspn(word, " "))
        words++;
    ck_assert_msg(count == words, "docs/console.openapi.json has %zu parameters of %s, which has %zu", count,
                  page->name, words);
}
END_TEST

/* No path of the file is of no page. */
START_TEST(paths_are_pages)
{
    size_t count = 0;
    if (getenv("FELUCCA_OPENAPI_DUMP"))
        return;
    while (page_at(count))
        count++;
    ck_assert_uint_eq(json_object_size(json_object_get(file, "paths")), count);
}
END_TEST

enum { PAGES_MOST = 16 };

int main(void)
{
    struct tests *tests = tests_create("console openapi");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_rows(tests, answer_is_as_documented, PAGES_MOST);
    tests_rows(tests, parameters_are_as_documented, PAGES_MOST);
    tests_add(tests, paths_are_pages);
    return tests_run(tests);
}
