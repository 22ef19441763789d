/* "Where is accession 12345?", over a real router: numbers are found whatever their padding, case and character set, the
 * database holds none of them, and one key of the configuration turns it off. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 30000, MANY = 52 };

static struct rig *rig;
static unsigned received;

static void set_up(void)
{
    received = 0;
    rig = rig_create(NULL);
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* One instance of the study; what is not said is left as it is. */
static void receive(unsigned study, void (*change)(struct dicom_spec *spec))
{
    struct dicom_spec spec;
    rig_spec(&spec, study, 1, ++received);
    change(&spec);
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", received, SOON_MS), "not taken in");
}

#define FELUCCA(status, says, ...) rig_expect(rig, status, says, (const char *const[]){__VA_ARGS__, NULL})

static const char *study_uid(unsigned study)
{
    static struct dicom_spec spec;
    rig_spec(&spec, study, 1, 1);
    return spec.study_uid;
}

static const struct dicom_element issuer[] = {{0x0010, 0x0021, "LO", "N\xD6RD", 0, NULL, 0}};

static void first(struct dicom_spec *spec)
{
    spec->character_set = "ISO_IR 100";
    spec->accession_number = "Acc12345 ";
    spec->patient_id = " P\xC4T-7";
    spec->study_id = "99";
    spec->extra = issuer;
    spec->extra_count = 1;
}

static void second(struct dicom_spec *spec)
{
    spec->character_set = "ISO_IR 192";
    spec->accession_number = "12346";
    spec->patient_id = "p\xC3\x84t-7";
    spec->study_id = "99";
}

static void nothing(struct dicom_spec *spec)
{
    spec->accession_number = NULL;
    spec->patient_id = NULL;
    spec->study_id = NULL;
}

START_TEST(study_is_found_by_its_numbers)
{
    receive(1, first);
    receive(1, first);
    receive(2, second);
    receive(3, nothing);
    FELUCCA(EXIT_OK, study_uid(1), "show", "--accession", " aCC12345");
    FELUCCA(EXIT_OK, study_uid(2), "show", "--accession", "12346");
    FELUCCA(EXIT_OK, study_uid(1), "show", "--patient", "P\xC3\x84t-7");
    FELUCCA(EXIT_OK, "Several studies have this Patient ID", "show", "--patient", "P\xC3\x84t-7");
    FELUCCA(EXIT_OK, study_uid(1), "show", "--patient", "P\xC3\x84t-7^^^n\xC3\x96rd", "--json");
    FELUCCA(EXIT_OK, study_uid(2), "show", "--study-id", "99", "--json");
    FELUCCA(EXIT_NO, "no study has this Accession Number", "show", "--accession", "012346");
    FELUCCA(EXIT_NO, "no study has this Patient ID", "show", "--patient", "12346");
    FELUCCA(EXIT_OK, "2 deliveries", "jobs", "--accession", "ACC12345");
    FELUCCA(EXIT_NO, "", "jobs", "--accession", "ACC12345", "--state", "sent");
    FELUCCA(EXIT_OK, "waiting", "studies", "--study-id", "99", "--from", "CT01");
    FELUCCA(EXIT_NO, "no such studies", "studies", "--study-id", "98");
    FELUCCA(EXIT_USAGE, "give one of", "studies", "--study-id", "99", "--patient", "1");
    FELUCCA(EXIT_USAGE, "not blanks", "show", "--patient", "  ");
    FELUCCA(EXIT_USAGE, "takes one UID", "show", "--patient", "1", "2.25");
}
END_TEST

static size_t lines_of(const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    size_t lines = 0;
    rig_check(rig, rig_felucca(rig, words, &output) == EXIT_OK, text_string(&output));
    for (const char *at = text_string(&output); (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

/* A list for people is as long as a screen; what programs read is whole. */
START_TEST(json_tells_all)
{
    struct dicom_spec spec;
    for (unsigned study = 1; study <= MANY + 6; study++) {
        rig_spec(&spec, study < MANY ? study : MANY, 1, 1); /* the last one arrives several times */
        second(&spec);
        rig_receive_spec(rig, "FIRST", &spec, NULL);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", MANY + 6, SOON_MS), "not taken in");
    FELUCCA(EXIT_OK, "and others: `felucca studies` lists all", "show", "--study-id", "99");
    ck_assert_uint_eq(lines_of((const char *const[]){"show", "--study-id", "99", "--json", NULL}), MANY);
    FELUCCA(EXIT_OK, "It has arrived more often than that", "show", spec.sop_uid);
    ck_assert_uint_eq(lines_of((const char *const[]){"show", spec.sop_uid, "--json", NULL}), 7);
}
END_TEST

/* While the router is down, too: the command needs the key and the file. */
START_TEST(router_is_not_asked)
{
    receive(2, second);
    rig_stop(rig);
    FELUCCA(EXIT_OK, study_uid(2), "show", "--accession", "12346");
    ck_assert_int_eq(unlink(sandbox_path(rig->sandbox, "state/search.key")), 0);
    FELUCCA(EXIT_NO, "there is no", "show", "--accession", "12346");
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "made search.key", SOON_MS), "no new key");
    FELUCCA(EXIT_NO, "no study has this", "show", "--accession", "12346");
}
END_TEST

static int64_t hashes(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *database = sandbox_path(rig->sandbox, "state/jobs.db");
    const char *const argv[] = {"sqlite3", "-readonly", database, "SELECT count(*) FROM search_hash", NULL};
    rig_check(rig, process_run(argv, NULL, SOON_MS, &output) == 0, text_string(&output));
    return output.bytes[0] - '0';
}

START_TEST(hashes_can_be_turned_off)
{
    receive(1, first);
    ck_assert_int_eq(hashes(), 4);
    rig_configure(rig, "search_hashes: false\n", NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    receive(2, second);
    ck_assert_int_eq(hashes(), 0);
    FELUCCA(EXIT_NO, "search_hashes is false", "show", "--accession", "12346");
}
END_TEST

/* A key that cannot be used costs the search, never a delivery. */
START_TEST(broken_key_stops_nothing)
{
    rig_stop(rig);
    ck_assert_int_eq(truncate(sandbox_path(rig->sandbox, "state/search.key"), 5), 0);
    rig_start(rig);
    receive(1, first);
    rig_check(rig, rig_log_says(rig, "cannot use search.key"), "it does not say so");
    ck_assert_int_eq(hashes(), 0);
    FELUCCA(EXIT_NO, "not well-formed", "show", "--accession", "acc12345");
}
END_TEST

static bool has(const char *path, const char *what)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    return memmem(content.bytes, content.length, what, strlen(what)) != NULL;
}

/* The numbers themselves are nowhere, nor is the key. */
START_TEST(database_holds_no_number)
{
    AUTO(text_release) struct text key = TEXT_EMPTY;
    struct stat status;
    const char *path = sandbox_path(rig->sandbox, "state/search.key");
    receive(1, first);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    file_read(path, &key);
    static const char *const files[] = {"state/jobs.db", "state/jobs.db-wal"};
    for (size_t i = 0; i < ROWS(files); i++) {
        const char *file = sandbox_path(rig->sandbox, "%s", files[i]);
        ck_assert(!has(file, "cc12345") && !has(file, "T-7"));
        AUTO(text_release) struct text content = TEXT_EMPTY;
        file_read(file, &content);
        ck_assert_ptr_null(memmem(content.bytes, content.length, key.bytes, key.length));
    }
    rig_check(rig, !rig_log_says(rig, "cc12345"), "the number is in the log");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("numbers");
    tests_timeout(tests, 90);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, study_is_found_by_its_numbers);
    tests_add(tests, json_tells_all);
    tests_add(tests, router_is_not_asked);
    tests_add(tests, hashes_can_be_turned_off);
    tests_add(tests, broken_key_stops_nothing);
    tests_add(tests, database_holds_no_number);
    return tests_run(tests);
}
