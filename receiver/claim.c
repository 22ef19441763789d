#include "receiver/claim.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/config/passcode.h"
#include "receiver/titles.h"

#include <string.h>

void claim_find(struct claim *ret_claim, const struct config *config, const struct peer_address *address,
                const struct titles *titles, const struct certificate_name *shown)
{
    const struct config_node *node = config_find_node(config, titles->called);
    const struct config_source *source =
        node ? config_node_source(node, titles->calling, address->bytes, shown) : NULL;
    const char *certificate = source ? source->certificate : NULL;
    *ret_claim = (struct claim){.titles = *titles, .passcode = TEXT_EMPTY};
    ret_claim->certificate_fits = !certificate || (shown && certificate_name_fits(certificate, shown));
    ret_claim->source = source && (certificate || source->passcode) ? source : NULL;
}

bool claim_wants_passcode(const struct claim *claim)
{
    return claim->source && claim->source->passcode;
}

void claim_read(struct claim *claim, struct refusals *refusals)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!claim_wants_passcode(claim) || passcode_of_source(claim->source, &claim->passcode, &reason) == 0)
        return;
    const char *aet = claim->source->aet;
    uint64_t times =
        refusals_note(refusals, text_string(&reason), aet, claim->titles.called, clock_monotonic_ms());
    if (times > 0)
        log_error("passcode cannot be read, its source is rejected for now", LOG_S("calling", aet),
                  LOG_S("because", text_string(&reason)), LOG_I("times", times));
}

static bool is_of(const struct claim *claim, const struct association_request *request)
{
    return strcmp(claim->titles.called, request->called_aet) == 0 &&
           strcmp(claim->titles.calling, request->calling_aet) == 0;
}

enum association_verdict claim_judge(const struct claim *claim, const struct association_request *request)
{
    if (!is_of(claim, request))
        return ASSOCIATION_PASSCODE_UNREAD; /* nobody knows whether it has one */
    if (!claim->certificate_fits)
        return ASSOCIATION_CERTIFICATE_WRONG;
    if (!claim_wants_passcode(claim))
        return ASSOCIATION_ADMITTED;
    if (claim->passcode.length == 0)
        return ASSOCIATION_PASSCODE_UNREAD;
    return request->passcode && passcode_equals(&claim->passcode, request->passcode, request->passcode_length)
               ? ASSOCIATION_ADMITTED
               : ASSOCIATION_PASSCODE_WRONG;
}

void claim_wipe(struct claim *claim)
{
    passcode_wipe(&claim->passcode);
}
