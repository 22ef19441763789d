/* fleet_token - whether a request is one of `felucca fleet`, which shows the token of the fleet.
 *
 *     Authorization: Bearer TOKEN        for GET /now.json and /study/UID.json, and for nothing else
 *
 * The console knows the token's SHA-256 alone (console.fleet_sha256). */
#ifndef FELUCCA_CONSOLE_FLEET_TOKEN_H
#define FELUCCA_CONSOLE_FLEET_TOKEN_H

#include "common/config/config.h"
#include "common/service/web_server.h"
#include "console/asked.h"

#include <stdbool.h>

bool fleet_token_is_shown(const struct config *config, const struct web_request *request,
                          const struct asked *asked);

#endif
