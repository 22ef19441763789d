/* engine - what a tray takes files with: the spool, its ledger, and the job database for as long as one look. */
#ifndef FELUCCA_TRAY_ENGINE_H
#define FELUCCA_TRAY_ENGINE_H

#include "common/base/text.h"
#include "common/import/instance.h"

enum { ENGINE_LEDGER_MOST = 200000 }; /* entries, the newest */

/* Starts zeroed. */
struct engine {
    struct instance_desk desk;
    bool is_open;
};

/* Opens what is not open yet. order and config are borrowed. 0, or an error with a sentence appended. */
int engine_open(struct engine *engine, const struct config *config, const struct config_tray *order,
                struct text *ret_reason);
void engine_close(struct engine *engine);

/* The job database, where there is one: what the ledger names counts only where it is known. */
int engine_begin(struct engine *engine, const struct config *config, struct text *ret_reason);
void engine_end(struct engine *engine);

#endif
