#include "tests/support/scene.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static const char *const tokens[] = {"--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
                                     "--token", "ct:write:CTWRITE",     NULL};

static const struct pipeline_album album = {"ct", "CTWRITE", "MAINSEND",
                                            "tagValueIsPresent(#Tag.Modality, \"CT\")"};

void scene_open(struct scene *scene)
{
    scene->sandbox = sandbox_create();
    scene->kheops = simulator_start(scene->sandbox, "kheops", tokens);
}

void scene_set_up(struct scene *scene, const char *more)
{
    const struct pipeline_destination destination = {.name = "kheops-main",
                                                     .simulator = scene->kheops,
                                                     .token = "MAINWRITE",
                                                     .albums = &album,
                                                     .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, more};
    scene->pipeline = pipeline_create(scene->sandbox, &options);
}

void scene_close(struct scene *scene)
{
    pipeline_destroy(&scene->pipeline);
    simulator_destroy(&scene->kheops);
    sandbox_destroy(&scene->sandbox);
    *scene = (struct scene){0};
}

const char *scene_study(struct scene *scene, uint64_t seed, unsigned series, unsigned instances,
                        uint64_t bytes)
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(scene->sandbox, "studies/study-%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, bytes);
    ck_assert_int_eq(dicom_write_study(&base, seed, series, instances, folder, NULL, NULL), 0);
    ck_assert(scene->study_count < SCENE_STUDIES);
    scene->studies[scene->study_count++] = (struct scene_study){seed, folder};
    return folder;
}

struct process *scene_send_start(struct scene *scene, const char *folder, const char *output)
{
    return pipeline_storescu_start(pipeline_port(scene->pipeline), "FELUCCA", folder, output);
}

bool scene_send(struct scene *scene, const char *folder, const char *output)
{
    AUTO(process_destroy) struct process *storescu = scene_send_start(scene, folder, output);
    int status = process_wait(storescu, SCENE_PATIENCE_MS);
    pipeline_check(scene->pipeline, status != PROCESS_STILL_RUNNING, "storescu hangs");
    return status == 0;
}

/* ---- who has what ---- */

void scene_instances_release(struct scene_instances *instances)
{
    free(instances->uids);
    *instances = (struct scene_instances)SCENE_INSTANCES_EMPTY;
}

static void add_instance(struct scene_instances *instances, uint64_t seed, unsigned series, unsigned instance)
{
    instances->uids =
        memory_grow(instances->uids, &instances->capacity, instances->count + 1, DICOM_UID_SIZE);
    dicom_uid(instances->uids[instances->count++], seed, series, instance);
}

void scene_acknowledged(const char *output, uint64_t seed, struct scene_instances *ret_instances,
                        size_t *ret_refused)
{
    static const char answered[] = "Received Store Response (", sending[] = "Sending file: ";
    AUTO(text_release) struct text content = TEXT_EMPTY;
    unsigned series = 0, instance = 0;
    file_read(output, &content);
    for (const char *line = text_string(&content); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t length = strcspn(line, "\n");
        const char *sent = memmem(line, length, sending, strlen(sending));
        const char *answer = memmem(line, length, answered, strlen(answered));
        if (sent) {
            AUTO(memory_free) char *path = memory_string_n(sent, length - (size_t)(sent - line));
            const char *name = strrchr(path, '/');
            ck_assert(name && sscanf(name, "/S%u-I%u.dcm", &series, &instance) == 2);
        } else if (answer && string_starts_with(answer + strlen(answered), "Success)")) {
            add_instance(ret_instances, seed, series, instance);
        } else if (answer && ret_refused) {
            (*ret_refused)++;
        }
    }
}

bool scene_has(const struct scene *scene, const char *uid)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s.dcm", scene->kheops->store, uid);
    return file_exists(text_string(&path));
}

size_t scene_missing(const struct scene *scene, const struct scene_instances *instances)
{
    size_t missing = 0;
    for (size_t i = 0; i < instances->count; i++)
        missing += !scene_has(scene, instances->uids[i]);
    return missing;
}

struct visit {
    uint64_t seed;
    void (*each)(void *context, const char *uid, const char *path);
    void *context;
};

static void visit_file(void *context, const char *path)
{
    const struct visit *visit = context;
    unsigned series, instance;
    char uid[DICOM_UID_SIZE];
    ck_assert(sscanf(strrchr(path, '/'), "/S%u-I%u.dcm", &series, &instance) == 2);
    dicom_uid(uid, visit->seed, series, instance);
    visit->each(visit->context, uid, path);
}

void scene_each_file(struct scene *scene, void (*each)(void *context, const char *uid, const char *path),
                     void *context)
{
    for (size_t i = 0; i < scene->study_count; i++) {
        struct visit visit = {scene->studies[i].seed, each, context};
        folder_walk(scene->studies[i].folder, visit_file, &visit);
    }
}

int scene_felucca(struct scene *scene, const char *const *words, struct text *ret_output)
{
    const char *argv[WORDS_MAX + 4] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(scene->pipeline)};
    size_t count = 3;
    for (; *words; words++) {
        ck_assert(count < WORDS_MAX);
        argv[count++] = *words;
    }
    return process_run(argv, NULL, SCENE_PATIENCE_MS, ret_output);
}

/* ---- done ---- */

struct wish {
    struct scene *scene;
    const struct scene_instances *instances;
};

static bool nothing_missing(void *context)
{
    const struct wish *wish = context;
    return scene_missing(wish->scene, wish->instances) == 0;
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (; *text; text += strspn(text, " "), count++)
        text += strcspn(text, " ");
    return count;
}

static bool all_shared(void *context)
{
    const struct scene *scene = ((const struct wish *)context)->scene;
    AUTO(text_release) struct text delivered = TEXT_EMPTY, shared = TEXT_EMPTY;
    simulator_album_text(scene->kheops, "main", &delivered);
    simulator_album_text(scene->kheops, "ct", &shared);
    return count_words(text_string(&delivered)) == count_words(text_string(&shared));
}

/* Every job has come to its end: as the operator's tool tells it. */
static bool nothing_open(void *context)
{
    static const char *const states[] = {"queued", "sending", "waiting", "sharing", "failed"};
    struct scene *scene = ((const struct wish *)context)->scene;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        AUTO(text_release) struct text output = TEXT_EMPTY;
        const char *const words[] = {"jobs", "--state", states[i], "--json", NULL};
        if (scene_felucca(scene, words, &output) != 1) /* 1: nothing found */
            return false;
    }
    return true;
}

static void check_bytes(void *context, const char *uid, const char *path)
{
    struct scene *scene = context;
    AUTO(text_release) struct text stored = TEXT_EMPTY;
    text_format(&stored, "%s/%s.dcm", scene->kheops->store, uid);
    if (file_exists(text_string(&stored)))
        pipeline_check(scene->pipeline, files_same_data_set(path, text_string(&stored)),
                       "a data set was changed");
}

void scene_wait_done(struct scene *scene, const struct scene_instances *instances)
{
    struct wish wish = {scene, instances};
    pipeline_check(scene->pipeline, wait_until(nothing_missing, &wish, SCENE_PATIENCE_MS),
                   "an acknowledged instance is lost");
    pipeline_check(scene->pipeline, pipeline_wait_drained(scene->pipeline, SCENE_PATIENCE_MS),
                   "the spool is not empty");
    pipeline_check(scene->pipeline, wait_until(all_shared, &wish, SCENE_PATIENCE_MS), "a share was not made");
    pipeline_check(scene->pipeline, wait_until(nothing_open, &wish, SCENE_PATIENCE_MS), "a job is stuck");
    scene_each_file(scene, check_bytes, scene);
}
