/* inquiries - what became of the series about which a `felucca reshare --from-kheops` has KHEOPS asked: read from the
 * database while the router and the sharers go on. */
#ifndef FELUCCA_CLI_INQUIRIES_H
#define FELUCCA_CLI_INQUIRIES_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/wire/control.h"

/* Waits until all of a request are over, or those that are not wait after trouble, or nothing moves for some seconds; then
 * prints one line a state and reason, or with json one object. EXIT_OK: some were shared, or are to be asked still; EXIT_NO. */
int inquiries_follow(const struct config *config, const struct control_request *request, bool json);

#endif
