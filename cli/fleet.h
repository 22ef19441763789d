/* fleet - asks the consoles of all cells the same, at once. Read-only: GET of one document each. */
#ifndef FELUCCA_CLI_FLEET_H
#define FELUCCA_CLI_FLEET_H

#include "common/base/json.h"
#include "common/config/config.h"

/* What one cell answered. */
struct fleet_answer {
    const struct config_fleet_cell *cell;
    int status;         /* of HTTP; 0: none came */
    json_t *document;   /* of status 200; else NULL */
    struct text reason; /* why there is none: a sentence, without a token */
};

/* Asks each for this path below its url ("/now.json"), FLEET_MS at most in all. answers has an entry for each cell of the
 * configuration, in its order; release them. 0; ERR_NOMEM. */
enum { FLEET_MS = 10 * 1000 };
int fleet_ask(const struct config *config, const char *path, struct fleet_answer *answers);
void fleet_release(struct fleet_answer *answers, size_t count);

#endif
