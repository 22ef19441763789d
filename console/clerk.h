/* clerk - /act: takes what an operator wants, has it counted, and hands it to the router when he says so; and /find: has the router
 * make the hash of a number that somebody looks for, which is in no address and no log. */
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
/* The form's token was looked at. page: one of the two. Leads to the page of the change, or of what was found, or refuses. */
void clerk_answer(const struct clerk *clerk, const char *page, struct web_answer *answer);
/* Whether he may look for numbers. */
bool clerk_may_search(const struct config *config, const struct who *who);

#endif
