/* scene - what most tests of trouble need: a sandbox, a simulated KHEOPS with an album "ct" beside its main
 * one, and a pipeline whose node FELUCCA sends everything to the one and shares every CT series into the
 * other.
 *
 * Studies are known by a seed, and their instances by series and number, so that the test knows the UID of
 * each without asking. */
#ifndef FELUCCA_TESTS_SCENE_H
#define FELUCCA_TESTS_SCENE_H

#include "tests/support/dicom.h"
#include "tests/support/pipeline.h"
#include "tests/support/sandbox.h"
#include "tests/support/simulator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCENE_PATIENCE_MS = 60000, SCENE_STUDIES = 64 };

struct scene {
    struct sandbox *sandbox;
    struct simulator *kheops;
    struct pipeline *pipeline;
    struct scene_study {
        uint64_t seed;
        const char *folder;
    } studies[SCENE_STUDIES];
    size_t study_count;
};

/* Makes the sandbox and starts KHEOPS. */
void scene_open(struct scene *scene);
/* Makes the pipeline, starts nothing of it. more: top-level lines of the configuration, or NULL. */
void scene_set_up(struct scene *scene, const char *more);
/* Ends everything that was begun. */
void scene_close(struct scene *scene);

/* Writes a study of CT series with as many instances each, each file of about so many bytes. The folder is
 * borrowed until scene_close(). */
const char *scene_study(struct scene *scene, uint64_t seed, unsigned series, unsigned instances,
                        uint64_t bytes);

/* Starts sending a folder; what storescu says goes to the file. */
struct process *scene_send_start(struct scene *scene, const char *folder, const char *output);
/* Sends it; false unless everything was acknowledged. */
bool scene_send(struct scene *scene, const char *folder, const char *output);

/* Instances of the study that storescu's output, as far as it is written, says were acknowledged with
 * Success; those acknowledged otherwise are counted in *ret_refused (may be NULL). */
struct scene_instances {
    char (*uids)[DICOM_UID_SIZE];
    size_t count, capacity;
};

#define SCENE_INSTANCES_EMPTY \
    {                         \
        NULL, 0, 0            \
    }

void scene_instances_release(struct scene_instances *instances);
void scene_acknowledged(const char *output, uint64_t seed, struct scene_instances *ret_instances,
                        size_t *ret_refused);

/* Whether KHEOPS has stored it; how many of them it has not. */
bool scene_has(const struct scene *scene, const char *uid);
size_t scene_missing(const struct scene *scene, const struct scene_instances *instances);

/* Calls each(context, uid, path) for every file of the studies written so far. */
void scene_each_file(struct scene *scene, void (*each)(void *context, const char *uid, const char *path),
                     void *context);

/* Waits until none of them is missing (and checks that whatever arrived has the bytes that were sent), all
 * series with an instance at KHEOPS are in the album too, nothing waits in the spool, and no job is left that
 * is not final. Ends the test with a sentence otherwise. */
void scene_wait_done(struct scene *scene, const struct scene_instances *instances);

/* The exit status of `felucca` with these words (ended by NULL) behind --config; its output is appended. */
int scene_felucca(struct scene *scene, const char *const *words, struct text *ret_output);

#endif
