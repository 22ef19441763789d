/* keeper - the keeper of the door: knows whom a request is of, lets people sign in and out.
 *
 * By a session's cookie, or by the headers of a trusted proxy. A change of the users' file counts at once: a session ends when its
 * user is gone or has another password, and his role is that of now. */
#ifndef FELUCCA_CONSOLE_KEEPER_H
#define FELUCCA_CONSOLE_KEEPER_H

#include "common/config/config.h"
#include "common/service/web_server.h"
#include "console/who.h"

struct keeper;

struct keeper *keeper_create(void);
void keeper_destroy(struct keeper **keeper);

/* Reads the users' file where it changed. 0, or an error with a sentence in reason; nobody signs in then. */
int keeper_read_users(struct keeper *keeper, const struct config *config, struct text *reason);

/* Whom the request is of. */
void keeper_recognize(struct keeper *keeper, const struct config *config, const struct web_request *request,
                      struct who *ret_who);

/* WEB_PERSON_SIZE bytes that stand for his name, whatever his session or his proxy; false: he is not known by one. */
bool keeper_write_person(const struct keeper *keeper, const struct who *who, unsigned char *ret_person);

/* Whether a POST is of a page of ours: by Origin and Sec-Fetch-Site, of which one has to be there. */
bool keeper_is_own_page(const struct web_request *request);
/* Whether it brings the token of the form that it was sent with. */
bool keeper_is_own_form(const struct who *who, const char *token);

enum keeper_answer {
    KEEPER_IN,
    KEEPER_WRONG, /* the name or the password, nobody is told which */
    KEEPER_WAIT   /* too many tries */
};
/* KEEPER_IN: *ret_cookie is the value of a Set-Cookie, appended. KEEPER_WAIT: *ret_wait_ms, how long. */
enum keeper_answer keeper_sign_in(struct keeper *keeper, const struct config *config,
                                  const struct web_request *request, const char *name, const char *password,
                                  struct text *ret_cookie, int64_t *ret_wait_ms);
/* Ends the session; the value of a Set-Cookie that removes the cookie is appended. */
void keeper_sign_out(struct keeper *keeper, const struct config *config, const struct web_request *request,
                     struct text *ret_cookie);

#endif
