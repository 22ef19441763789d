/* shadow - a power failure where a disk cannot be mounted (disk.h can do more, and needs loop devices).
 *
 * libinject.so records in the programs what of the folder was flushed. When the power fails nothing else is
 * left: a file has the content of its last flush, and none when there was none; names are as they were when a
 * folder was flushed last. That is the least that a file system that journals names may leave; a real one
 * mostly leaves more. */
#ifndef FELUCCA_TESTS_SHADOW_H
#define FELUCCA_TESTS_SHADOW_H

#include "tests/support/pipeline.h"
#include "tests/support/sandbox.h"

struct shadow;

/* Of a folder in the sandbox that is not there yet. */
struct shadow *shadow_create(struct sandbox *sandbox, const char *folder);
void shadow_destroy(struct shadow **shadow);

/* What a program that writes to the folder has to be started with ("NAME=value", as many as there is room
 * for, no NULL at the end); borrowed from it. */
enum { SHADOW_WORDS = 4 };
void shadow_words(const struct shadow *shadow, const char *ret_words[SHADOW_WORDS]);

/* Kills the pipeline, at a moment at which nothing is just being flushed or renamed, and makes the folder
 * again from what was durable then. */
void shadow_lose_power(struct shadow *shadow, struct pipeline *pipeline);

#endif
