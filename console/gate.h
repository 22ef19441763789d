/* gate - /signin and /signout: how people come in and go. */
#ifndef FELUCCA_CONSOLE_GATE_H
#define FELUCCA_CONSOLE_GATE_H

#include "common/config/config.h"
#include "console/asked.h"
#include "console/keeper.h"
#include "console/render.h"

/* What a request meets; borrowed during the call. */
struct gate {
    const struct config *config;
    struct keeper *keeper;
    struct render *render;
    const struct web_request *request;
    const struct asked *asked, *form; /* form: of a POST's body */
    const struct who *who;
};

/* Whether the page's name is one of the two. */
bool gate_is_at(const char *page);
/* Answers: GET shows the form, POST takes it. is_post: of a page of ours, its form was read. */
void gate_answer(const struct gate *gate, bool is_post, struct web_answer *answer);
/* Where somebody has to go who is nobody: to the sign-in page, from which he comes back; programs get 401. */
void gate_send_away(const struct gate *gate, struct web_answer *answer);

#endif
