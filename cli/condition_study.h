/* condition_study - conditions asked of what is known of a study that is there already: `felucca condition --study` and
 * `felucca show --album`. */
#ifndef FELUCCA_CLI_CONDITION_STUDY_H
#define FELUCCA_CLI_CONDITION_STUDY_H

#include "cli/measure.h"
#include "common/jobs/jobdb.h"

/* Prints for every series what its instances are held against the measure; in JSON one object an instance. The exit status:
 * EXIT_OK where all hold. */
int condition_study_print(const struct measure *measure, const struct config *config, struct jobdb *db,
                          const char *study, const struct condition_options *options);

/* Prints for every series of the study (series NULL) whether each album of this name has it, and why its instances, by the
 * configuration of now, ask for that or do not. EXIT_OK; EXIT_NO: nothing is known; EXIT_USAGE: there is no such album. */
int condition_study_print_album(const struct config *config, struct jobdb *db, const char *study,
                                const char *series, const char *album, bool json);

#endif
