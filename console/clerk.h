/* clerk - what people send with a form:
 *
 *     /act     what an operator wants: it is counted, and handed to the router when he says so
 *     /find    a number that somebody looks for, which is in no address and no log: the router makes its hash
 *     /try     another condition, for a destination or album: the router counts what it would be for the last series
 *     /tryfile the beginning of a DICOM file (multipart/form-data): the router tells what the conditions in force are for it
 *     /why     a study and an album, or a destination: the router tells what its condition says of it, part by part */
#ifndef FELUCCA_CONSOLE_CLERK_H
#define FELUCCA_CONSOLE_CLERK_H

#include "common/config/config.h"
#include "common/service/web_server.h"
#include "console/asked.h"
#include "console/errands.h"
#include "console/render.h"
#include "console/who.h"

/* What a form meets; borrowed during the call. */
struct clerk {
    const struct config *config;
    struct errands *errands;
    struct render *render;
    const struct asked *form;
    const struct who *who;
};

bool clerk_is_at(const char *page);
/* The form's token was looked at. page: one of these. Leads to the page of the change, or of what was
 * found, or refuses. */
void clerk_answer(const struct clerk *clerk, const char *page, struct web_answer *answer);
/* Whether he may look for numbers. */
bool clerk_may_search(const struct config *config, const struct who *who);

#endif
