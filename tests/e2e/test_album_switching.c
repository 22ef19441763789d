/* Switching: each series into exactly the albums whose conditions hold, by one request, and after it is in
 * the main album. Real processes, real storescu, simulated KHEOPS. Tokens that are refused:
 * test_album_trouble.c. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 120000 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void set_up(void)
{
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", NULL);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void configure(const struct pipeline_album *albums, size_t count)
{
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = albums, .album_count = count};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
}

static void send(const char *folder)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
}

static int64_t number(const json_t *object, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(object, member));
}

/* ---- a hundred albums, two hundred series ---- */

enum { ALBUMS = 100, SERIES = 200, SERIES_A_STUDY = 4, GROUPS = 10 };

static const char *const modalities[] = {"CT", "MR", "US", "XA"};
static const char *const body_parts[] = {"HEAD", "CHEST", "KNEE", "SPINE", "HAND"};

/* What a series is like, by its number; every combination occurs. */
struct traits {
    size_t modality, body_part, group;
};

static struct traits traits_of(size_t series)
{
    return (struct traits){series % ROWS(modalities), series / ROWS(modalities) % ROWS(body_parts),
                           series / (ROWS(modalities) * ROWS(body_parts)) % GROUPS};
}

/* What an album asks for, by its number: a condition, and the same in C. */
static struct traits asked_by(size_t album)
{
    size_t k = album / 4;
    return (struct traits){k % ROWS(modalities), k % ROWS(body_parts), k * 3 % GROUPS};
}

static void append_condition(size_t album, struct text *out)
{
    struct traits t = asked_by(album);
    const char *modality = modalities[t.modality], *body_part = body_parts[t.body_part];
    switch (album % 4) {
    case 0:
        text_format(
            out,
            "tagValueIsPresent(#Tag.Modality, \"%s\") && tagValueIsPresent(#Tag.BodyPartExamined, \"%s\")",
            modality, body_part);
        break;
    case 1:
        text_format(
            out,
            "tagValueBeginsWith(\"0008,0060\", '%s')\n&& !tagValueEndsWith(#Tag.SeriesDescription, \"%zu\")",
            modality, t.group);
        break;
    case 2:
        text_format(out,
                    "tagValueContains(0x00180015, \"%s\") && (tagValueEndsWith(\"(0008,103E)\", \"%zu\") || "
                    "tagValueIsPresent(#Tag.Modality, \"%s\"))",
                    body_part, t.group, modality);
        break;
    default:
        text_format(out,
                    "not tagValueIsPresent(#Tag.Modality, \"%s\") and tagIsPresent(#Tag.StudyDate)\n"
                    "and tagValueEndsWith(#Tag.SeriesDescription, \" %zu\")",
                    modality, t.group);
        break;
    }
}

static bool belongs(size_t album, size_t series)
{
    struct traits asked = asked_by(album), is = traits_of(series);
    bool modality = asked.modality == is.modality, body_part = asked.body_part == is.body_part;
    bool group = asked.group == is.group;
    if (album == ALBUMS - 1) /* has no condition */
        return true;
    switch (album % 4) {
    case 0:
        return modality && body_part;
    case 1:
        return modality && !group;
    case 2:
        return body_part && (group || modality);
    default:
        return !modality && group;
    }
}

static size_t count_expected(void)
{
    size_t count = 0;
    for (size_t album = 0; album < ALBUMS; album++) {
        for (size_t series = 0; series < SERIES; series++)
            count += belongs(album, series);
    }
    return count;
}

struct hundred {
    struct pipeline_album albums[ALBUMS];
    char names[ALBUMS][8], tokens[ALBUMS][16];
    struct text conditions[ALBUMS];
};

static void make_albums(struct hundred *hundred)
{
    json_t *tokens = json_array();
    json_array_append_new(
        tokens, json_pack("{s:s, s:s, s:s}", "album", "main", "scope", "write", "token", "MAINWRITE"));
    json_array_append_new(
        tokens, json_pack("{s:s, s:s, s:s}", "album", "main", "scope", "read send", "token", "MAINSEND"));
    for (size_t i = 0; i < ALBUMS; i++) {
        (void)snprintf(hundred->names[i], sizeof hundred->names[i], "a%02zu", i);
        (void)snprintf(hundred->tokens[i], sizeof hundred->tokens[i], "WRITE%02zu", i);
        append_condition(i, &hundred->conditions[i]);
        hundred->albums[i] = (struct pipeline_album){hundred->names[i], hundred->tokens[i], "MAINSEND",
                                                     text_string(&hundred->conditions[i])};
        json_array_append_new(tokens, json_pack("{s:s, s:s, s:s}", "album", hundred->names[i], "scope",
                                                "write", "token", hundred->tokens[i]));
    }
    hundred->albums[ALBUMS - 1].condition = NULL;
    json_t *config = json_pack("{s:o}", "tokens", tokens);
    AUTO(memory_free) char *order = json_dumps(config, JSON_COMPACT);
    simulator_order(kheops, "/sim/config", order);
    json_decref(config);
}

/* One instance of a series into a folder. */
static void write_instance(const char *folder, size_t series, unsigned instance)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, description = TEXT_EMPTY;
    struct traits traits = traits_of(series);
    struct dicom_spec spec;
    uint64_t study = series / SERIES_A_STUDY + 1;
    unsigned within = (unsigned)(series % SERIES_A_STUDY) + 1;
    dicom_spec_init(&spec, study);
    dicom_uid(spec.series_uid, study, within, 0);
    dicom_uid(spec.sop_uid, study, within, instance);
    text_format(&description, "Group %zu", traits.group);
    spec.modality = modalities[traits.modality];
    spec.body_part = body_parts[traits.body_part];
    spec.series_description = text_string(&description);
    spec.series_number = (int)within;
    spec.instance_number = (int)instance;
    spec.rows = spec.columns = 8;
    text_format(&path, "%s/%03zu-%u.dcm", folder, series, instance);
    ck_assert_int_eq(dicom_write(&spec, text_string(&path)), 0);
}

static size_t series_by_uid(const char *uid)
{
    for (size_t series = 0; series < SERIES; series++) {
        char candidate[DICOM_UID_SIZE];
        dicom_uid(candidate, series / SERIES_A_STUDY + 1, (unsigned)(series % SERIES_A_STUDY) + 1, 0);
        if (strcmp(candidate, uid) == 0)
            return series;
    }
    check(false, "a series that was never sent");
    return 0;
}

/* The album holds these series and no other, each by one request after its first instance, shown once. */
static void check_membership(size_t album, const json_t *members)
{
    bool there[SERIES] = {false};
    size_t i;
    json_t *member;
    json_array_foreach(members, i, member)
    {
        there[series_by_uid(json_string_value(json_object_get(member, "series")))] = true;
        check(number(member, "puts") == 1 && number(member, "events") == 1, "not exactly one PUT");
        check(number(member, "early_puts") == 0, "shared before an instance was stored");
    }
    for (size_t series = 0; series < SERIES; series++) {
        if (there[series] != belongs(album, series))
            (void)fprintf(stderr, "album %zu, series %zu: %s\n", album, series,
                          there[series] ? "there" : "missing");
        check(there[series] == belongs(album, series), "wrong membership");
    }
}

static void check_albums(void)
{
    json_t *counts = simulator_counts(kheops), *album;
    size_t i, checked = 0, index;
    json_array_foreach(json_object_get(counts, "albums"), i, album)
    {
        if (sscanf(json_string_value(json_object_get(album, "name")), "a%zu", &index) != 1)
            continue;
        check_membership(index, json_object_get(album, "series"));
        checked++;
    }
    json_decref(counts);
    ck_assert_uint_eq(checked, ALBUMS);
}

START_TEST(each_series_reaches_its_albums)
{
    static struct hundred hundred;
    const size_t expected = count_expected();
    const char *first = sandbox_make_folder(sandbox, "first"), *later = sandbox_make_folder(sandbox, "later");
    make_albums(&hundred);
    configure(hundred.albums, ALBUMS);
    for (size_t series = 0; series < SERIES; series++) {
        write_instance(first, series, 1);
        if (series % 8 == 0)
            write_instance(first, series, 2);
        if (series % 50 == 0)
            write_instance(later, series, 3);
    }
    pipeline_start_all(pipeline);
    send(first);
    check(simulator_wait_instances(kheops, SERIES + SERIES / 8, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check_albums();
    check(simulator_count(kheops, "requests.share") == (int64_t)expected, "more requests than shares");
    /* At start each token is asked about once, the common source token too, and never again for a share. */
    int64_t asked = simulator_count(kheops, "requests.introspect");
    if (asked > ALBUMS + 2)
        fprintf(stderr, "%lld questions about tokens\n", (long long)asked);
    check(asked <= ALBUMS + 2, "more questions than tokens");
    /* Later instances are in the albums by themselves. */
    send(later);
    check(simulator_wait_instances(kheops, SERIES + SERIES / 8 + SERIES / 50, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(simulator_count(kheops, "requests.share") == (int64_t)expected, "shared again");
    check(simulator_count(kheops, "requests.introspect") == asked, "a question for a share");
    check(operator_count_jobs(pipeline, "shared", "main", NULL) == expected, "not all jobs are shared");
    for (size_t i = 0; i < ALBUMS; i++)
        text_release(&hundred.conditions[i]);
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- two albums, for what can happen in between ---- */

enum { STUDIES = 3 };

static const struct pipeline_album two_albums[] = {
    {"ct", "CTWRITE", "MAINSEND", "tagValueIsPresent(#Tag.Modality, \"CT\")"},
    {"all", "ALLWRITE", "MAINSEND", NULL},
};

static void vary(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)instance;
    spec->modality = series == 1 ? "CT" : "MR";
}

/* Each study has a CT and an MR series of one instance: so many more for album "ct", twice as
 * many for "all". */
static void send_studies(void)
{
    const char *folder = sandbox_make_folder(sandbox, "studies");
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        struct dicom_spec base;
        dicom_spec_init(&base, seed);
        ck_assert_int_eq(dicom_write_study(&base, seed, 2, 1,
                                           sandbox_make_folder(sandbox, "studies/%d", (int)seed), vary, NULL),
                         0);
    }
    send(folder);
}

static void begin_with_two_albums(void)
{
    simulator_order(kheops, "/sim/config",
                    "{\"tokens\": [{\"album\": \"main\", \"scope\": \"write\", \"token\": \"MAINWRITE\"},"
                    "{\"album\": \"main\", \"scope\": \"read send\", \"token\": \"MAINSEND\"},"
                    "{\"album\": \"ct\", \"scope\": \"write\", \"token\": \"CTWRITE\"},"
                    "{\"album\": \"all\", \"scope\": \"write\", \"token\": \"ALLWRITE\"}]}");
    configure(two_albums, ROWS(two_albums));
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
}

/* All series are where they belong, each was shown once to the album's users, none was put
 * there too early. */
static void check_two_albums(int64_t most_puts)
{
    json_t *counts = simulator_counts(kheops), *album, *member;
    size_t i, k;
    json_array_foreach(json_object_get(counts, "albums"), i, album)
    {
        const char *name = json_string_value(json_object_get(album, "name"));
        if (strcmp(name, "main") == 0)
            continue;
        json_array_foreach(json_object_get(album, "series"), k, member)
        {
            check(number(member, "puts") >= 1 && number(member, "puts") <= most_puts, "too many PUTs");
            check(number(member, "events") == 1, "not exactly one event");
            check(number(member, "early_puts") == 0, "shared before an instance was stored");
        }
        check(k == (strcmp(name, "ct") == 0 ? STUDIES : 2 * STUDIES), "wrong membership");
    }
    json_decref(counts);
}

static void wait_all_shared(void)
{
    check(simulator_wait_shared(kheops, "ct", STUDIES, PATIENCE_MS), "ct: not shared");
    check(simulator_wait_shared(kheops, "all", 2 * STUDIES, PATIENCE_MS), "all: not shared");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(operator_count_jobs(pipeline, "shared", "main", NULL) == 3 * STUDIES, "not all jobs are shared");
}

/* An instance of each study at least: its others wait until KHEOPS has answered. */
static bool studies_are_stored(void *context)
{
    (void)context;
    return simulator_count(kheops, "instances") >= STUDIES;
}

static const struct away_row {
    const char *label;
    bool answered; /* KHEOPS answered the STOW requests before it went away */
} away_rows[] = {{"between the answer of STOW and the share", true}, {"before the answer of STOW", false}};

static void forget_faults(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
    ck_assert_int_eq(status / 100, 2);
}

START_TEST(kheops_away_between_stow_and_share)
{
    const struct away_row *row = &away_rows[_i];
    begin_with_two_albums();
    if (!row->answered) {
        simulator_order(kheops, "/sim/faults",
                        "{\"kind\":\"stow\",\"stage\":\"stored\",\"action\":\"drop\",\"delay_ms\":60000}");
        pipeline_start(pipeline, PIPELINE_SHARER);
    }
    send_studies();
    check(wait_until(studies_are_stored, NULL, PATIENCE_MS), "not stored");
    if (row->answered)
        check(operator_wait_jobs(pipeline, "sent", "main", NULL, 2 * STUDIES, PATIENCE_MS), "not delivered");
    simulator_order(kheops, "/sim/away", "{\"away\": true}");
    check(simulator_count(kheops, "requests.share") == 0, "shared before the delivery was known");
    if (row->answered) {
        pipeline_start(pipeline, PIPELINE_SHARER);
        check(operator_wait_state(pipeline, "main", "ct", "backing off", "connect", PATIENCE_MS), "ct");
        check(operator_wait_state(pipeline, "main", "all", "backing off", "connect", PATIENCE_MS), "all");
    } else {
        check(operator_wait_state(pipeline, "main", NULL, "backing off", NULL, PATIENCE_MS), "main");
        check(operator_count_jobs(pipeline, "waiting", "main", NULL) == 3 * STUDIES, "shares do not wait");
    }
    forget_faults();
    simulator_order(kheops, "/sim/away", "{\"away\": false}");
    wait_all_shared();
    check_two_albums(1);
    check(operator_largest(pipeline, "main", "ct", "attempts") == 0, "an outage was counted");
    check(operator_largest(pipeline, "main", "all", "attempts") == 0, "an outage was counted");
    check(operator_wait_state(pipeline, "main", "ct", "up", NULL, PATIENCE_MS), "ct is not up again");
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(sharer_killed_between_put_and_result)
{
    simulator_order(kheops, "/sim/faults",
                    "{\"kind\":\"share\",\"stage\":\"stored\",\"action\":\"none\","
                    "\"delay_ms\":60000,\"album\":\"ct\",\"first\":3}");
    begin_with_two_albums();
    pipeline_start(pipeline, PIPELINE_SHARER);
    send_studies();
    check(simulator_wait_shared(kheops, "ct", STUDIES, PATIENCE_MS), "ct: not put");
    check(operator_wait_jobs(pipeline, "shared", "main", "all", 2 * STUDIES, PATIENCE_MS), "all: not known");
    check(operator_count_jobs(pipeline, "shared", "main", "ct") == 0, "known already");
    pipeline_kill_and_restart(pipeline, PIPELINE_SHARER, 0);
    check(operator_wait_jobs(pipeline, "shared", "main", "ct", STUDIES, PATIENCE_MS), "ct: not known");
    wait_all_shared();
    check_two_albums(2);
    check(simulator_count(kheops, "requests.share") == 4 * STUDIES, "more repeated than what was in flight");
    check(operator_largest(pipeline, "main", "ct", "attempts") == 0, "a lost lease was counted");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("album_switching");
    tests_abreast(tests, 4);
    tests_timeout(tests, 280);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, each_series_reaches_its_albums);
    tests_rows(tests, kheops_away_between_stow_and_share, ROWS(away_rows));
    tests_add(tests, sharer_killed_between_put_and_result);
    return tests_run(tests);
}
