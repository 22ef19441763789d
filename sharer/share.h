/* share - the request that puts a series into an album: PUT …/studies/{study}/series/{series}, two tokens. */
#ifndef FELUCCA_SHARER_SHARE_H
#define FELUCCA_SHARER_SHARE_H

#include "common/config/config.h"
#include "common/http/http.h"
#include "common/wire/work.h"

/* What a share needs for the time of its making. */
struct share_tokens {
    struct text destination, source;
    struct text proxy; /* as of an http_request */
};

/* Resolves the album's templates, and the proxy of its destination. 0, or a negative error with a sentence that names the key. Wipe in either
 * case. */
int share_tokens_resolve(const struct config_destination *destination, const struct config_album *album,
                         struct share_tokens *ret_tokens, struct text *ret_reason);
void share_tokens_wipe(struct share_tokens *tokens);

/* The UIDs of work are plain (uid.h). */
void share_start(struct http *http, const struct config_destination *destination,
                 const struct config_album *album, const struct share_tokens *tokens, const struct work *work,
                 http_done *done, void *context, struct http_transfer **ret_transfer);

#endif
