/* door - a request of a browser or a program, and its answer: who may come in, what is asked for, in which form.
 *
 * Without users everybody is a viewer, and only who calls the machine by a name of its own is answered (Host: 127.0.0.1,
 * [::1] or localhost), so that no page of another site can have its name mean this machine. With users, or behind a trusted
 * proxy, whoever is not known signs in first (keeper.h, gate.h). GET and HEAD, and POST of forms of our own pages. Each
 * answer forbids everything that is not of this server (Content-Security-Policy), frames, guesses at its type, referrers
 * and keeping it.
 *
 * The job database is opened for each document and closed again, read-only, for DOOR_PATIENCE_MS at most. What was
 * answered is answered again for DOOR_KEPT_MS to the same person, so that fifty browsers without users on one page cost what one does. */
#ifndef FELUCCA_CONSOLE_DOOR_H
#define FELUCCA_CONSOLE_DOOR_H

#include "common/config/config.h"
#include "common/service/web_server.h"
#include "console/gauges.h"

/* door_answer() may be called by several threads at once, and door_person(), door_is_shared() and door_more_bytes() beside them; the
 * others only while none is in it. No lock is held while the job
 * database is asked. */
enum {
    DOOR_PATIENCE_MS = 2000,
    DOOR_KEPT_MS = 1000,
    DOOR_FORM_BYTES = 64 * 1024,
    DOOR_FILE_BYTES = 256 * 1024
};

struct door;

/* The configuration is borrowed until it is given another one; gauges may be NULL. Aborts where a template of the program
 * is none: a test renders them all. */
struct door *door_create(const struct config *config, struct gauges *gauges);
void door_destroy(struct door **door);
void door_configure(struct door *door, const struct config *config);

/* Whether people can sign in, where the configuration says so: 0, or an error with a sentence in reason. */
int door_read_users(struct door *door, struct text *reason);

/* For struct web_server_rules; the context is the door. */
void door_answer(void *context, const struct web_request *request, struct web_answer *ret_answer);

/* The same: whoever is known by name is the same person, wherever he comes from; a trusted proxy's address is shared. */
bool door_person(void *context, const struct web_request *request, unsigned char *ret_person);
bool door_is_shared(void *context, const unsigned char *address);

/* The same: a form with a file may have DOOR_FILE_BYTES more, from whoever is known. */
size_t door_more_bytes(void *context, const struct web_request *request);

/* Whether a Host header is one of this machine's own names, with or without a port. */
bool door_is_own_host(const char *host);

#endif
