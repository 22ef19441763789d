/* stow_rules - the two tables of stow_outcome.h and what they say to operators. */
#include "sender/stow_outcome.h"

#include <limits.h>

static const struct stow_status_rule status_rules[] = {
    {200, 200, STOW_LISTED, false, NULL},
    {202, 202, STOW_LISTED, false, NULL},
    {409, 409, STOW_LISTED, false, NULL},
    {300, 399, STOW_WRONG_URL, false, "it redirects: write the address that it points to into stow_url"},
    {400, 400, STOW_BROKEN, false,
     "it could not read the request to its end, or (nginx) wants a client certificate"},
    {401, 401, STOW_TOKEN, false, "it refuses the token"},
    {403, 403, STOW_TOKEN, false, "the token may not write there"},
    {404, 404, STOW_WRONG_URL, false, "there is no such address: check stow_url"},
    {405, 405, STOW_WRONG_URL, false, "that address takes no STOW-RS requests: check stow_url"},
    {406, 406, STOW_REFUSED, false, "it offers no answer in DICOM JSON"},
    {408, 408, STOW_OUTAGE, true, "it waited too long for the request"},
    {411, 411, STOW_REFUSED, false, "it wants the length of the request in another way"},
    {413, 413, STOW_REFUSED, false,
     "the request is too large for it: raise its limit (nginx: client_max_body_size), then retry"},
    {415, 415, STOW_REFUSED, false, "it does not take application/dicom"},
    {429, 429, STOW_OUTAGE, true, "too many requests for it"},
    {500, 500, STOW_BROKEN, true, "trouble inside of it, or an instance that it cannot bear"},
    {501, 501, STOW_REFUSED, false, "it does not take STOW-RS requests"},
    {502, 502, STOW_BROKEN, true, "its PACS is not reachable, or cannot bear an instance"},
    {503, 504, STOW_OUTAGE, true, "it is not available, or overloaded"},
    {500, 599, STOW_OUTAGE, true, "trouble inside of it"},
    {INT_MIN, INT_MAX, STOW_STRANGE, false, "nobody answers a STOW-RS request so: check stow_url"}};

const struct stow_status_rule *stow_status_rule(int status)
{
    const struct stow_status_rule *rule = status_rules;
    while (status < rule->low || status > rule->high)
        rule++;
    return rule;
}

#define RETRY  WORK_RETRY_OUTCOME
#define REJECT WORK_REJECT_OUTCOME

static const struct stow_failure_rule failure_rules[] = {
    {0x0106, 0x0106, REJECT, false, false, false,
     "attributes of the study or series differ from those of instances that are there"},
    {0x0110, 0x0110, RETRY, true, false, false, "the server could not process it"},
    {0x0111, 0x0111, WORK_DUPLICATE_OUTCOME, false, false, false, NULL},
    {0x0122, 0x0122, REJECT, false, false, false, "the server does not take this SOP class"},
    {0x0124, 0x0124, RETRY, true, false, true, "not authorised"},
    {0xA770, 0xA779, REJECT, false, false, false, "the server refuses it by a rule of its own"},
    {0xA77A, 0xA77A, RETRY, false, false, false, "the server is just deleting it"},
    {0xA77B, 0xA77B, REJECT, false, false, false, "the server refuses it by a rule of its own"},
    {0xA700, 0xA7FF, RETRY, false, true, false, "the server is out of resources"},
    {0xA900, 0xA9FF, REJECT, false, false, false,
     "the server says that its data set does not match its SOP class"},
    {0xC000, 0xCFFF, REJECT, false, false, false, "the server cannot understand it"},
    {0, UINT_MAX, RETRY, true, false, false, "the server gives a reason that is not known here"}};

const struct stow_failure_rule *stow_failure_rule(unsigned reason)
{
    const struct stow_failure_rule *rule = failure_rules;
    while (reason < rule->low || reason > rule->high)
        rule++;
    return rule;
}
