/* `felucca condition` as an operator runs it. */
#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "tests/support/condition_rows.h"
#include "tests/support/dicom.h"
#include "tests/support/facts.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static int felucca(const char *const *arguments, struct text *output)
{
    const char *argv[16] = {FELUCCA_BIN "/felucca", "condition"};
    for (int i = 0; arguments[i]; i++)
        argv[i + 2] = arguments[i];
    return process_run(argv, NULL, PATIENCE_MS, output);
}

#define FELUCCA(output, ...) felucca((const char *const[]){__VA_ARGS__, NULL}, output)

static const char *write_ct(const char *name)
{
    const char *path = sandbox_path(sandbox, "%s", name);
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.patient_name = "Hidden^Person";
    spec.study_description = "Thorax";
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    return path;
}

static void contains(const struct text *output, const char *part)
{
    ck_assert_msg(strstr(text_string(output), part) != NULL, "no \"%s\" in:\n%s", part, text_string(output));
}

static void contains_not(const struct text *output, const char *part)
{
    ck_assert_msg(strstr(text_string(output), part) == NULL, "\"%s\" in:\n%s", part, text_string(output));
}

/* Every seventh row of the table, through the program. */
START_TEST(verdict_is_the_exit_status)
{
    size_t index = 7 * (size_t)_i;
    const struct condition_row *row = index < condition_row_count
                                          ? &condition_rows[index]
                                          : &condition_more_rows[index - condition_row_count];
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm");
    if (!facts_write_dicom(facts, path))
        return; /* no file can hold this */
    int status = FELUCCA(&output, "--", row->expression, path);
    ck_assert_msg(status == (row->verdict ? 0 : 1), "%s: %s ended with %d:\n%s", row->label, row->expression,
                  status, output.bytes);
    contains(&output, row->verdict ? ": true\n" : ": false\n");
}
END_TEST

START_TEST(error_has_caret_and_status_two)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(FELUCCA(&output, "tagValueContain(#Tag.Modality, \"CT\")", write_ct("a.dcm")), 2);
    ck_assert_str_eq(output.bytes, "felucca: condition: unknown function \"tagValueContain\"\n"
                                   "  tagValueContain(#Tag.Modality, \"CT\")\n"
                                   "  ^~~~~~~~~~~~~~~ did you mean tagValueContains?\n");
}
END_TEST

START_TEST(tree_and_values_are_shown_but_not_the_patient)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *expression =
        "tagValueIsPresent(#Tag.Modality, \"MR\") || tagValueContains(#Tag.PatientName, \"Hid\")";
    ck_assert_int_eq(FELUCCA(&output, expression, write_ct("a.dcm")), 0);
    contains(&output, "true  any of\n");
    contains(&output, "false   tagValueIsPresent(#Tag.Modality, \"MR\")\n");
    contains(&output, "#Tag.Modality is \"CT\"\n");
    contains(&output, "#Tag.PatientName is there, hidden\n");
    contains_not(&output, "Hidden");
    ck_assert_int_eq(FELUCCA(&output, "--values", expression, sandbox_path(sandbox, "a.dcm")), 0);
    contains(&output, "#Tag.PatientName is \"Hidden^Person\"\n");
}
END_TEST

START_TEST(status_is_of_all_files)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *ct = write_ct("ct.dcm"),
               *text = sandbox_write(sandbox, "letter.txt", "This is no DICOM file.\n");
    const char *mr = sandbox_path(sandbox, "mr.dcm");
    struct dicom_spec spec;
    dicom_spec_init(&spec, 2);
    spec.modality = "MR";
    ck_assert_int_eq(dicom_write(&spec, mr), 0);
    const char *is_ct = "tagValueIsPresent(#Tag.Modality, \"CT\")";
    ck_assert_int_eq(FELUCCA(&output, is_ct, ct, ct), 0);
    ck_assert_int_eq(FELUCCA(&output, is_ct, mr, ct), 1);
    ck_assert_int_eq(FELUCCA(&output, is_ct, ct, mr), 1);
    text_clear(&output);
    ck_assert_int_eq(FELUCCA(&output, is_ct, text, ct), 2);
    contains(&output, "letter.txt is not DICOM");
    contains(&output, "ct.dcm: true\n");
    ck_assert_int_eq(FELUCCA(&output, is_ct, sandbox_path(sandbox, "absent.dcm")), 2);
    ck_assert_int_eq(FELUCCA(&output, is_ct), 2);
    ck_assert_int_eq(FELUCCA(&output, "--nonsense", is_ct, ct), 2);
}
END_TEST

START_TEST(what_cannot_be_decided_is_shown)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    const char *expression = "tagValueIsPresent(#Tag.Modality, \"CT\") && !tagIsPresent(#Tag.StudyComments)";
    const char *config = sandbox_write(sandbox, "felucca.yaml",
                                       "state_dir: state\n"
                                       "nodes:\n"
                                       "  - aet: FELUCCA\n"
                                       "    destinations:\n"
                                       "      - name: main\n"
                                       "        stow_url: https://pacs.example.org/studies\n"
                                       "        kheops: false\n"
                                       "        condition: '!tagIsPresent(#Tag.StudyComments)'\n");
    file_read(write_ct("whole.dcm"), &bytes);
    const char *cut = sandbox_path(sandbox, "cut.dcm");
    file_write(cut, bytes.bytes, bytes.length - 10);
    ck_assert_int_eq(FELUCCA(&output, expression, cut), 1);
    contains(&output,
             "cut.dcm: cannot be decided: #Tag.StudyComments is not known: reading ended at offset ");
    contains(&output, "  the header is incomplete: reading ended at offset ");
    contains(&output, "  ?     all of\n  true    tagValueIsPresent(#Tag.Modality, \"CT\")\n");
    contains(&output, "  ?       not\n  ?         tagIsPresent(#Tag.StudyComments)\n");
    text_clear(&output);
    ck_assert_int_eq(FELUCCA(&output, "--config", config, cut), 1);
    contains(&output, "destination main: waits for a person: its condition cannot be decided: #Tag.Study");
    text_clear(&output);
    ck_assert_int_eq(FELUCCA(&output, "--json", expression, cut), 1);
    json_t *object = json_loads(output.bytes, 0, NULL);
    const char *undecided, *incomplete;
    json_t *verdict, *below;
    ck_assert_int_eq(json_unpack(object, "{s:o, s:s, s:s, s:{s:o}}", "verdict", &verdict, "undecided",
                                 &undecided, "incomplete", &incomplete, "condition", "verdict", &below),
                     0);
    ck_assert(json_is_null(verdict) && json_is_null(below));
    ck_assert_ptr_nonnull(strstr(undecided, incomplete));
    json_decref(object);
}
END_TEST

START_TEST(folders_are_walked)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "study");
    const char *is_ct = "tagValueIsPresent(#Tag.Modality, \"CT\")";
    (void)sandbox_make_folder(sandbox, "study/b");
    (void)sandbox_make_folder(sandbox, "empty");
    (void)write_ct("study/c.dcm");
    (void)write_ct("study/b/a.dcm");
    (void)sandbox_write(sandbox, "study/README", "This is no DICOM file.\n");
    ck_assert_int_eq(FELUCCA(&output, is_ct, folder), 0);
    const char *first = strstr(output.bytes, "study/b/a.dcm: true\n"),
               *second = strstr(output.bytes, "study/c.dcm: true\n");
    ck_assert_msg(first && second && first < second, "%s", output.bytes);
    contains(&output, "1 file is not DICOM and passed over");
    ck_assert_int_eq(FELUCCA(&output, "tagIsPresent(#Tag.StudyComments)", folder), 1);
    text_clear(&output);
    ck_assert_int_eq(FELUCCA(&output, is_ct, sandbox_path(sandbox, "empty")), 2);
    contains(&output, "empty holds no DICOM file");
}
END_TEST

START_TEST(json_is_one_object_a_file)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *path = write_ct("a.dcm");
    ck_assert_int_eq(FELUCCA(&output, "--json", "!tagValueIsPresent(#Tag.Modality, \"CT\")", path, path), 1);
    char *second = strchr(output.bytes, '\n');
    ck_assert_ptr_nonnull(second);
    *second++ = '\0';
    second[strcspn(second, "\n")] = '\0';
    ck_assert_str_eq(output.bytes, second);
    json_t *object = json_loads(output.bytes, 0, NULL);
    const char *kind, *file, *text, *value;
    int verdict, below;
    ck_assert_int_eq(json_unpack(object, "{s:s, s:b, s:{s:s, s:[{s:s, s:b, s:[{s:[s]}]}]}}", "file", &file,
                                 "verdict", &verdict, "condition", "kind", &kind, "parts", "text", &text,
                                 "verdict", &below, "values", "texts", &value),
                     0);
    ck_assert_str_eq(file, path);
    ck_assert(!verdict && below);
    ck_assert_str_eq(kind, "not");
    ck_assert_str_eq(text, "tagValueIsPresent(#Tag.Modality, \"CT\")");
    ck_assert_str_eq(value, "CT");
    json_decref(object);
}
END_TEST

#define CONFIG                                                          \
    "state_dir: state\n"                                                \
    "nodes:\n"                                                          \
    "  - aet: FELUCCA\n"                                                \
    "    destinations:\n"                                               \
    "      - name: main\n"                                              \
    "        stow_url: https://kheops.example.org/api/studies\n"        \
    "        headers: |\n"                                              \
    "          Authorization: Bearer not-a-real-token\n"                \
    "        condition: |\n"                                            \
    "          !tagValueIsPresent(#Tag.Modality, \"SR\")\n"             \
    "        albums:\n"                                                 \
    "          - name: thorax\n"                                        \
    "            api_url: https://kheops.example.org/api\n"             \
    "            destination_token: one\n"                              \
    "            source_token: two\n"                                   \
    "            condition: |\n"                                        \
    "              tagValueContains(#Tag.StudyDescription, \"Tho\")\n"  \
    "          - name: head\n"                                          \
    "            api_url: https://kheops.example.org/api\n"             \
    "            destination_token: one\n"                              \
    "            source_token: two\n"                                   \
    "            condition: |\n"                                        \
    "              tagValueContains(#Tag.StudyDescription, \"Head\")\n" \
    "      - name: reports\n"                                           \
    "        stow_url: https://pacs.example.org/studies\n"              \
    "        kheops: false\n"                                           \
    "        sop_classes: [1.2.840.10008.5.1.4.1.1.88.11]\n"

START_TEST(configuration_tells_where_a_file_would_go)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *config = sandbox_write(sandbox, "felucca.yaml", CONFIG), *path = write_ct("a.dcm");
    ck_assert_int_eq(FELUCCA(&output, "--config", config, path), 0);
    contains(&output, "node FELUCCA");
    contains(&output, "destination main: takes it: its condition holds\n");
    contains(&output, "album thorax: gets the series: its condition holds\n");
    contains(&output, "album head: does not get it: its condition does not hold\n");
    contains(&output, "#Tag.StudyDescription is \"Thorax\"\n");
    contains(&output, "destination reports: does not take it: the SOP class is not among its sop_classes\n");
    text_clear(&output);
    ck_assert_int_eq(FELUCCA(&output, "--json", path, "--config", config), 0);
    json_error_t error;
    json_t *object = json_loads(output.bytes, 0, &error);
    ck_assert_msg(object != NULL, "%s: %s", error.text, output.bytes);
    int verdict, takes, gets, other;
    const char *node;
    ck_assert_int_eq(json_unpack(object, "{s:b, s:[{s:s, s:[{s:b, s:[{s:b}, {s:b}]}, {}]}]}", "verdict",
                                 &verdict, "nodes", "node", &node, "destinations", "takes", &takes, "albums",
                                 "gets", &gets, "gets", &other),
                     0);
    ck_assert(verdict && takes && gets && !other);
    ck_assert_str_eq(node, "FELUCCA");
    json_decref(object);
}
END_TEST

START_TEST(a_bad_configuration_is_status_three)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text bad = TEXT_EMPTY;
    static const char good[] = CONFIG;
    const char *start = strstr(good, "Contains");
    text_append_bytes(&bad, good, (size_t)(start - good));
    text_append(&bad, "Contain");
    text_append(&bad, start + strlen("Contains"));
    const char *config = sandbox_write(sandbox, "bad.yaml", bad.bytes);
    ck_assert_int_eq(FELUCCA(&output, "--config", config, write_ct("a.dcm")), 3);
    contains(&output, "bad.yaml:");
    contains(&output, "album \"thorax\"");
    contains(&output, "did you mean tagValueContains?");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("condition_cli");
    tests_timeout(tests, 60);
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, verdict_is_the_exit_status, (condition_row_count + condition_more_row_count + 6) / 7);
    tests_add(tests, error_has_caret_and_status_two);
    tests_add(tests, tree_and_values_are_shown_but_not_the_patient);
    tests_add(tests, status_is_of_all_files);
    tests_add(tests, what_cannot_be_decided_is_shown);
    tests_add(tests, folders_are_walked);
    tests_add(tests, json_is_one_object_a_file);
    tests_add(tests, configuration_tells_where_a_file_would_go);
    tests_add(tests, a_bad_configuration_is_status_three);
    return tests_run(tests);
}
