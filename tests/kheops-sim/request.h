/* request - one HTTP request from its header to its end: faults, body, handler, answer.
 *
 * The HTTP library calls these, in the thread of the connection. */
#ifndef FELUCCA_SIM_REQUEST_H
#define FELUCCA_SIM_REQUEST_H

#include "tests/kheops-sim/call.h"

#include <microhttpd.h>

/* MHD_AccessHandlerCallback of the KHEOPS port and of the admin port; cls is the struct sim. */
enum MHD_Result request_on_kheops(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *length,
                                  void **request);
enum MHD_Result request_on_admin(void *cls, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *bytes, size_t *length,
                                 void **request);
/* MHD_RequestCompletedCallback. */
void request_on_completed(void *cls, struct MHD_Connection *connection, void **request,
                          enum MHD_RequestTerminationCode code);

#endif
