/* claim - whether a peer proves that it is the source whose title it uses (PS3.7 section D.3.3.7).
 *
 * A source of the configuration may have a certificate, which its connection then has to have shown (TLS), and a passcode; a
 * user identity with a user name, which may be any, and this passcode is then asked for. It is read, that one alone, before
 * the negotiation, by the titles that wait in the socket, so that the negotiation opens no file; a file that changes is
 * seen by the next association. */
#ifndef FELUCCA_RECEIVER_CLAIM_H
#define FELUCCA_RECEIVER_CLAIM_H

#include "common/config/certificate_name.h"
#include "common/config/config.h"
#include "receiver/handler.h"
#include "receiver/lobby.h"
#include "receiver/refusals.h"
#include "receiver/titles.h"

struct claim {
    struct titles titles;               /* as the request gives them */
    const struct config_source *source; /* whose it is, borrowed; NULL: the peer needs to prove nothing */
    bool certificate_fits;              /* or none is asked for */
    struct text passcode;               /* empty: it cannot be read */
};

/* For a peer that asks with these titles. shown: its certificate, NULL: none. Without the passcode. */
void claim_find(struct claim *ret_claim, const struct config *config, const struct peer_address *address,
                const struct titles *titles, const struct certificate_name *shown);
/* Whether it is asked for a passcode. */
bool claim_wants_passcode(const struct claim *claim);
/* Reads that. What cannot be read is told in the log, without a secret, once a minute for each source. */
void claim_read(struct claim *claim, struct refusals *refusals);

/* Of a request that is admitted but for these. */
enum association_verdict claim_judge(const struct claim *claim, const struct association_request *request);

void claim_wipe(struct claim *claim);

#endif
