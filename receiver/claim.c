#include "receiver/claim.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/config/passcode.h"
#include "receiver/titles.h"

#include <string.h>

/* NULL: none is asked for. */
static const struct config_source *find_source(const struct config *config,
                                               const struct peer_address *address, const char *called_aet,
                                               const char *calling_aet)
{
    const struct config_node *node = config_find_node(config, called_aet);
    const struct config_source *source = node ? config_node_source(node, calling_aet, address->bytes) : NULL;
    return source && source->passcode ? source : NULL;
}

void claim_read(struct claim *ret_claim, const struct config *config, const struct peer_address *address,
                int socket, struct refusals *refusals)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    *ret_claim = (struct claim){.passcode = TEXT_EMPTY};
    titles_peek(socket, &ret_claim->titles);
    ret_claim->source = find_source(config, address, ret_claim->titles.called, ret_claim->titles.calling);
    if (!ret_claim->source || passcode_of_source(ret_claim->source, &ret_claim->passcode, &reason) == 0)
        return;
    const char *aet = ret_claim->source->aet;
    uint64_t times =
        refusals_note(refusals, text_string(&reason), aet, ret_claim->titles.called, clock_monotonic_ms());
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
    if (!claim->source)
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
