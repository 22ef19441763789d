/* Which UIDs a real router takes in: one rule for each destination. KHEOPS takes studies and series whose UIDs are
 * object identifiers, another server any printable ones; what no destination of its node can take is parked, with the
 * value in the sentence. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/files.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 15000 };

static struct rig *rig;

static const char more_nodes[] =
    "  - aet: PLAIN\n    destinations:\n"
    "      - { name: plain, stow_url: 'http://127.0.0.1:11/studies', kheops: false }\n"
    "  - aet: BOTH\n    destinations:\n"
    "      - name: b-kheops\n        stow_url: http://127.0.0.1:12/api/studies\n"
    "        headers: 'Authorization: Bearer x'\n"
    "      - { name: b-plain, stow_url: 'http://127.0.0.1:13/studies', kheops: false }\n"
    "  - aet: CHOOSY\n    destinations:\n"
    "      - name: c-kheops\n        stow_url: http://127.0.0.1:14/api/studies\n"
    "        headers: 'Authorization: Bearer x'\n"
    "        condition: 'tagValueIsPresent(#Tag.Modality, \"XX\")'\n";

static void set_up(void)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    rig = rig_create(NULL);
    rig_stop(rig);
    file_read(rig->config, &yaml);
    text_append(&yaml, more_nodes);
    file_write_string(rig->config, text_string(&yaml));
    rig_start(rig);
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

#define KHEOPS_ONLY "no destination of its node can take it"

static const struct row {
    const char *label, *aet;
    const char *study, *series, *sop; /* NULL: as usual */
    int queued, excluded;
    const char *says; /* it is parked, with this */
} rows[] = {
    {"as usual", "SECOND", NULL, NULL, NULL, 1, 0, NULL},
    {"leading zeros", "SECOND", "1.2.003", "01.2.5", "1.2.05", 1, 0, NULL},
    {"a study of one arc", "SECOND", "123", NULL, NULL, 0, 0,
     "Study Instance UID (0020,000D) \"123\" is no object"},
    {"a study below 1.40", "SECOND", "1.40.5", NULL, NULL, 0, 0, "\"1.40.5\" is no object identifier"},
    {"a series with an empty arc", "SECOND", NULL, "1..2", NULL, 0, 0,
     "Series Instance UID (0020,000E) \"1..2\" is no object identifier"},
    {"a hash", "SECOND", "dccc9599087131742838cc1162a630fe", NULL, NULL, 0, 0, KHEOPS_ONLY},
    {"an instance that is none", "SECOND", NULL, NULL, "3.7", 1, 0, NULL},
    {"an instance of letters", "SECOND", NULL, NULL, "INSTANCE-1", 1, 0, NULL},
    {"a study below 3 for a plain server", "PLAIN", "3.7", NULL, NULL, 1, 0, NULL},
    {"uuids for a plain server", "PLAIN", "ad111191-79e4-4892-9b91-2f84967a4b23",
     "ad111191-79e4-4892-9b91-2f84967a4b24", "ad111191-79e4-4892-9b91-2f84967a4b25", 1, 0, NULL},
    {"a word for one of two", "BOTH", "STUDY1", NULL, NULL, 1, 1, NULL},
    {"as usual for both", "BOTH", NULL, NULL, NULL, 2, 0, NULL},
    {"a word where nobody wants it", "CHOOSY", "STUDY1", NULL, NULL, 0, 1, NULL},
    {"a blank in front", "PLAIN", " 1.2.3", NULL, NULL, 0, 0,
     "no valid Study Instance UID (0020,000D), but \" 1.2.3"},
    {"two values", "PLAIN", NULL, "1.2\\1.3", NULL, 0, 0,
     "Series Instance UID (0020,000E), but \"1.2\\1.3\""},
    {"a control character", "PLAIN", "1.2\x1b[2J", NULL, NULL, 0, 0, "but \"1.2\xEF\xBF\xBD[2J\""},
};

static void set(char *place, const char *uid)
{
    if (uid)
        (void)snprintf(place, DICOM_UID_SIZE, "%s", uid);
}

static void receive(unsigned number, const struct row *row)
{
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE];
    rig_spec(&spec, number, 1, 1);
    set(spec.study_uid, row->study);
    set(spec.series_uid, row->series);
    set(spec.sop_uid, row->sop);
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, row->aet);
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    rig_receive_file(rig, path, receipt);
}

START_TEST(each_destination_has_its_rule)
{
    int64_t queued = 0, excluded = 0, parked = 0;
    for (unsigned i = 0; i < ROWS(rows); i++) {
        const struct row *row = &rows[i];
        AUTO(text_release) struct text list = TEXT_EMPTY;
        receive(i + 1, row);
        queued += row->queued;
        excluded += row->excluded;
        parked += row->says != NULL;
        rig_check(rig, rig_wait_quarantined(rig, parked, SOON_MS), row->label);
        rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", queued, SOON_MS), row->label);
        rig_check(rig, rig_wait_jobs(rig, "delivery", "excluded", excluded, SOON_MS), row->label);
        const char *const words[] = {"quarantine", "--json", NULL};
        (void)rig_felucca(rig, words, &list);
        AUTO(text_release) struct text says = TEXT_EMPTY;
        for (const char *c = row->says ? row->says : ""; *c; c++)
            text_format(&says, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        if (!strstr(text_string(&list), text_string(&says)))
            rig_check(rig, false, text_string(&list));
    }
}
END_TEST

/* What a person does with such a study by its UID. */
START_TEST(an_odd_study_is_found_by_its_uid)
{
    AUTO(text_release) struct text jobs = TEXT_EMPTY, dropped = TEXT_EMPTY;
    const struct row word = {"", "PLAIN", "STUDY-1", NULL, NULL, 1, 0, NULL};
    receive(1, &word);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "it is not taken in");
    const char *const list[] = {"jobs", "--study", "STUDY-1", "--json", NULL};
    rig_check(rig, rig_felucca(rig, list, &jobs) == 0 && strstr(text_string(&jobs), "\"STUDY-1\""),
              text_string(&jobs));
    const char *const drop[] = {"drop", "--study", "STUDY-1", "--state", "queued", "--yes", NULL};
    rig_check(rig, rig_felucca(rig, drop, &dropped) == 0, "it cannot be dropped");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 0, SOON_MS), "it is not dropped");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("uids");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, each_destination_has_its_rule);
    tests_add(tests, an_odd_study_is_found_by_its_uid);
    return tests_run(tests);
}
