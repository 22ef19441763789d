/* pipeline_config - the configuration file of a pipeline under test, as text. */
#ifndef FELUCCA_TESTS_PIPELINE_CONFIG_H
#define FELUCCA_TESTS_PIPELINE_CONFIG_H

#include "tests/support/pipeline.h"

/* Appends everything but the metrics section. Tokens become files in the sandbox. */
void pipeline_append_config(struct sandbox *sandbox, const struct pipeline_options *options,
                            const char *state_dir, int port, struct text *out);

#endif
