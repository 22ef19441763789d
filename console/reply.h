/* reply - the beginnings of every answer: what a browser may do with it, and the common answers. */
#ifndef FELUCCA_CONSOLE_REPLY_H
#define FELUCCA_CONSOLE_REPLY_H

#include "common/service/web_server.h"
#include "console/asked.h"
#include "console/render.h"

/* Forbids everything that is not of this server, frames, guesses at the type, and keeping it. type: borrowed for ever. */
void reply_headers(struct web_answer *answer, const char *type);

/* A sentence instead of a page; a table's form is JSON then. */
void reply_refuse(struct render *render, struct web_answer *answer, enum asked_form form, unsigned status,
                  const char *sentence);
/* 303: the browser asks for this address of ours next. */
void reply_go(struct web_answer *answer, const char *target);
/* Bytes, or nothing but their tag, where the browser has them. */
void reply_give(const struct web_request *request, const char *tag, const char *type, const char *bytes,
                size_t length, struct web_answer *answer);

#endif
