/* stow - the requests that a sender makes of a DICOMweb server, and of KHEOPS. */
#ifndef FELUCCA_SENDER_STOW_H
#define FELUCCA_SENDER_STOW_H

#include "common/config/config.h"
#include "common/kheops/credentials.h"
#include "common/http/http.h"
#include "sender/multipart.h"

/* Appends the address to which instances are posted: stow_url, with skipVerify=true where the destination
 * says so. */
void stow_append_url(const struct config_destination *destination, struct text *url);

/* STOW-RS: posts the batch. multipart is borrowed until done; instances bounds the answer. */
void stow_start(struct http *http, const struct config_destination *destination,
                const struct credentials *credentials, struct multipart *multipart, size_t instances,
                http_done *done, void *context, struct http_transfer **ret_transfer);

/* QIDO-RS: asks which instances of a series are there. */
void stow_ask_present(struct http *http, const struct config_destination *destination,
                      const struct credentials *credentials, const char *study, const char *series,
                      http_done *done, void *context, struct http_transfer **ret_transfer);

/* QIDO-RS: asks whether a study is there, or (series not NULL) a series of it. */
void stow_ask_there(struct http *http, const struct config_destination *destination,
                    const struct credentials *credentials, const char *study, const char *series,
                    http_done *done, void *context, struct http_transfer **ret_transfer);

/* Asks KHEOPS to look again at what it has of a study. */
void stow_ask_fetch(struct http *http, const struct config_destination *destination,
                    const struct credentials *credentials, const char *study, http_done *done, void *context,
                    struct http_transfer **ret_transfer);

/* Calls each(context, sop_instance) for every instance in the answer; false when it says nothing (no right to
 * read, no such series, not JSON). */
bool stow_read_present(const struct http_answer *answer,
                       void (*each)(void *context, const char *sop_instance), void *context);

/* What the answer to stow_ask_there() says of the study, or (series not NULL) of the series. */
enum stow_there { STOW_UNTOLD, STOW_NOT_THERE, STOW_THERE };
enum stow_there stow_read_there(const struct http_answer *answer, const char *study, const char *series);

#endif
