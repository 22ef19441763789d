/* loading - a configuration read from text, for tests of what it says. */
#ifndef FELUCCA_TESTS_LOADING_H
#define FELUCCA_TESTS_LOADING_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "tests/support/sandbox.h"

struct loading {
    struct sandbox *sandbox; /* holds the file, felucca.yaml */
    int code;
    struct config *config;        /* NULL after an error */
    struct text errors, warnings; /* without the folder of the file: "felucca.yaml:3:5: ..." */
};

/* Writes the text (length bytes; the other one: up to its NUL) to a file and loads it. */
void loading_start(struct loading *ret_loading, const char *yaml);
void loading_start_bytes(struct loading *ret_loading, const void *bytes, size_t length);
void loading_end(struct loading *loading);

#endif
