#include "common/kheops/answer_rule.h"

#include <limits.h>

#define ANY     ANSWER_BODIES
#define NO_LIST (ANSWER_EMPTY | ANSWER_OTHER | ANSWER_ENDLESS)
#define NO_END  (ANSWER_CUT | ANSWER_ENDLESS)

/* clang-format off */

static const struct answer_rule stow_rules[] = {
    {0, 0, ANY, ANSWER_LOST, NULL},
    {200, 200, ANSWER_LIST, ANSWER_LISTED, NULL},
    {200, 200, NO_END, ANSWER_LOST, NULL},
    {200, 200, ANSWER_EMPTY | ANSWER_OF_KHEOPS, ANSWER_CRASHED,
     "it lists nothing, as KHEOPS never does; if this is another server, set kheops: false"},
    {200, 200, ANSWER_EMPTY, ANSWER_DONE, "stored: 200 without a list"},
    {200, 200, ANSWER_OTHER, ANSWER_OUTAGE, "its body cannot be read as DICOM JSON or DICOM XML"},
    {201, 201, ANSWER_LIST, ANSWER_LISTED, NULL},
    {201, 201, NO_END, ANSWER_LOST, NULL},
    {201, 201, ANSWER_EMPTY | ANSWER_OF_KHEOPS, ANSWER_CRASHED,
     "it lists nothing, as KHEOPS never does; if this is another server, set kheops: false"},
    {201, 201, ANSWER_EMPTY, ANSWER_DONE, "stored: 201 without a list"},
    {204, 204, NO_END, ANSWER_LOST, NULL},
    {204, 204, ANSWER_EMPTY | ANSWER_OF_KHEOPS, ANSWER_CRASHED,
     "it lists nothing, as KHEOPS never does; if this is another server, set kheops: false"},
    {204, 204, ANSWER_EMPTY, ANSWER_DONE, "stored: 204 without a list"},
    {202, 202, ANSWER_LIST, ANSWER_LISTED, NULL},
    {202, 202, NO_END, ANSWER_LOST, NULL},
    {202, 202, ANSWER_EMPTY, ANSWER_OUTAGE, "some were stored, but it does not say which"},
    {202, 202, ANSWER_OTHER, ANSWER_OUTAGE, "its body cannot be read as DICOM JSON or DICOM XML"},
    {409, 409, ANSWER_LIST, ANSWER_LISTED, NULL},
    {409, 409, ANSWER_CUT, ANSWER_LOST, NULL},
    {409, 409, NO_LIST | ANSWER_MEANS_STORED | ANSWER_EARLY, ANSWER_CRASHED,
     "it says so before it had the whole request, so this is not taken as stored (conflict_means: stored)"},
    {409, 409, NO_LIST | ANSWER_MEANS_STORED, ANSWER_DUPLICATE,
     "it lists nothing: taken as stored (conflict_means: stored)"},
    {409, 409, NO_LIST, ANSWER_BROKEN,
     "it does not say why; if it does so for instances that it has, set conflict_means: stored"},
    {300, 399, ANY, ANSWER_BLOCKED, "it redirects: write the address that it points to into stow_url"},
    {400, 400, ANSWER_LIST, ANSWER_LISTED, NULL}, /* Orthanc, of an instance that it does not take */
    {400, 400, ANY, ANSWER_BROKEN, "it could not read the request to its end, or (nginx) wants a client certificate"},
    {401, 401, ANY, ANSWER_TOKEN, "it refuses the token"},
    {403, 403, ANY, ANSWER_TOKEN, "the token may not write there"},
    {404, 404, ANY, ANSWER_BLOCKED, "there is no such address: check stow_url"},
    {405, 405, ANY, ANSWER_BLOCKED, "that address takes no STOW-RS requests: check stow_url"},
    {406, 406, ANY, ANSWER_BLOCKED,
     "it offers no answer in DICOM JSON or XML: an Accept in the headers of the destination asks for another"},
    {408, 408, ANY, ANSWER_OUTAGE, "it waited too long for the request"},
    {411, 411, ANY, ANSWER_BLOCKED, "it wants the length of the request in another way"},
    {413, 413, ANY, ANSWER_TOO_LARGE,
     "the request is too large for it: raise its limit (nginx: client_max_body_size), then retry"},
    {415, 415, ANY, ANSWER_BLOCKED, "it does not take application/dicom"},
    {424, 424, ANY, ANSWER_OUTAGE, "its storage is not available"}, /* Azure */
    {429, 429, ANY, ANSWER_BUSY, "too many requests for it"},
    {500, 500, ANY, ANSWER_CRASHED, "trouble inside of it, or an instance that it cannot bear"},
    {501, 501, ANY, ANSWER_BLOCKED, "it does not take STOW-RS requests"},
    {502, 502, ANY, ANSWER_CRASHED, "KHEOPS or its PACS is not reachable, or the PACS cannot bear an instance"},
    {503, 504, ANY, ANSWER_OUTAGE, "it is not available, or overloaded"},
    {500, 599, ANY, ANSWER_OUTAGE, "trouble inside of it"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_BROKEN, "nobody answers a STOW-RS request so: check stow_url"}};

static const struct answer_rule stow_instance_rules[] = {
    {0x0000, 0x0000, ANY, ANSWER_STRANGE, "the server refuses it and gives no reason"},
    {0x0106, 0x0106, ANY, ANSWER_REJECTED, "attributes of the study or series differ from those of instances that are there"},
    {0x0110, 0x0110, ANY, ANSWER_STRANGE, "the server could not process it"},
    {0x0111, 0x0111, ANY, ANSWER_DUPLICATE, "it is there already"},
    {0x0122, 0x0122, ANY, ANSWER_REJECTED, "the server does not take this SOP class"},
    {0x0124, 0x0124, ANY, ANSWER_TOKEN, "not authorised"},
    {0xA770, 0xA779, ANY, ANSWER_REJECTED, "the server refuses it by a rule of its own"},
    {0xA77A, 0xA77A, ANY, ANSWER_LATER, "the server is just deleting it"},
    {0xA77B, 0xA77B, ANY, ANSWER_REJECTED, "the server refuses it by a rule of its own"},
    {0xA700, 0xA7FF, ANY, ANSWER_BUSY, "the server is out of resources"},
    {0xA900, 0xA9FF, ANY, ANSWER_REJECTED, "the server says that its data set does not match its SOP class"},
    {0xB00E, 0xB00E, ANY, ANSWER_DUPLICATE, "it is there already"}, /* Azure */
    {0xB00F, 0xB00F, ANY, ANSWER_STRANGE,                           /* Azure */
     "the server has it from another request that has not ended; delete it there if this stays"},
    {0xC000, 0xCFFF, ANY, ANSWER_REJECTED, "the server cannot understand it"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_STRANGE, "the server gives a reason that is not known here"}};

static const struct answer_rule stow_good_token_rules[] = {
    {401, 401, ANY, ANSWER_BLOCKED,
     "KHEOPS refuses the token, but calls it active and allowed to write when asked; if this stays, make a new token"},
    {403, 403, ANY, ANSWER_BLOCKED,
     "KHEOPS refuses the token, but calls it active and allowed to write when asked; if this stays, make a new token"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_COLLIDED,
     "0x0124: KHEOPS does not let its series into the album although the token may write: the series is in another "
     "album of this KHEOPS, but not in this one (share it there, or remove it), or it was coming in at the same time"}};

static const struct answer_rule share_rules[] = {
    {0, 0, ANY, ANSWER_LOST, NULL},
    {201, 201, ANY, ANSWER_DONE, NULL},
    {200, 299, ANY, ANSWER_BLOCKED, "KHEOPS answers 201 for a shared series: is api_url its API?"},
    {300, 399, ANY, ANSWER_BLOCKED, "it redirects: write the address that it points to into api_url"},
    {400, 400, ANY, ANSWER_REJECTED, "KHEOPS takes its study or series UID for no valid object identifier"},
    {401, 401, ANY, ANSWER_TOKEN, "KHEOPS refuses the destination token: make a new token in KHEOPS in the album itself, with the switch \"Write\" on"},
    {403, 403, ANY, ANSWER_TOKEN, "KHEOPS refuses the source token, or the destination token may not write: make a new token in KHEOPS in the album "
     "that is sent to, with the switches \"Add to Album / Inbox\" and \"Read\" on, or one in this album with \"Write\" on"},
    {404, 404, ANSWER_NO_ALBUM, ANSWER_REVOKED,
     "KHEOPS does not find the destination album: the maker of the destination token is no longer a member of it; "
     "make a new token as an administrator of the album"},
    {404, 404, ANY, ANSWER_TOKEN, "KHEOPS does not find the series in the source album"},
    {405, 405, ANY, ANSWER_BLOCKED, "that address shares no series: check api_url"},
    {408, 408, ANY, ANSWER_OUTAGE, "it waited too long for the request"},
    {429, 429, ANY, ANSWER_BUSY, "too many requests for it"},
    {500, 500, ANY, ANSWER_CRASHED, "trouble inside of KHEOPS"},
    {501, 501, ANY, ANSWER_BLOCKED, "it shares no series: check api_url"},
    {500, 599, ANY, ANSWER_OUTAGE, "KHEOPS is not available, or overloaded"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_STRANGE, "KHEOPS never answers so: check api_url"}};

static const struct answer_rule share_good_tokens_rules[] = {
    {401, 401, ANY, ANSWER_BLOCKED,
     "the destination token is refused, but KHEOPS calls both tokens good when asked: something in front of it refuses "
     "the request; if nothing is, make new tokens"},
    {403, 403, ANY, ANSWER_BLOCKED,
     "sharing is refused, but KHEOPS calls both tokens good when asked: something in front of it refuses the request, or "
     "the source token is one of a person, not of an album"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_MISSED,
     "KHEOPS does not find the series in the album of the source token: it is not there yet, or the source token is "
     "of another album than the one that is sent to, or its maker is no longer an administrator"}};

static const struct answer_rule fetch_rules[] = {
    {0, 0, ANY, ANSWER_LOST, NULL},
    {200, 299, ANY, ANSWER_DONE, NULL},
    {300, 399, ANY, ANSWER_BLOCKED, "it redirects: write the address that it points to into api_url"},
    {400, 400, ANY, ANSWER_REJECTED, "KHEOPS takes its study UID for no valid object identifier"},
    {401, 401, ANY, ANSWER_TOKEN, "KHEOPS refuses the STOW token"},
    {403, 403, ANY, ANSWER_TOKEN, "KHEOPS does not let the STOW token do this"},
    {404, 404, ANY, ANSWER_TOKEN, "KHEOPS does not find the study; check api_url if this stays"},
    {405, 405, ANY, ANSWER_BLOCKED, "that address fetches no study: check api_url, or set ensure_visible: false"},
    {408, 408, ANY, ANSWER_OUTAGE, "it waited too long for the request"},
    {429, 429, ANY, ANSWER_BUSY, "too many requests for it"},
    {500, 500, ANY, ANSWER_CRASHED, "trouble inside of KHEOPS"},
    {501, 501, ANY, ANSWER_BLOCKED, "it fetches no study: check api_url, or set ensure_visible: false"},
    {500, 599, ANY, ANSWER_OUTAGE, "KHEOPS is not available, or overloaded"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_STRANGE, "KHEOPS never answers so: check api_url"}};

static const struct answer_rule fetch_good_token_rules[] = {
    {404, 404, ANY, ANSWER_STRANGE, "KHEOPS does not find the study; check api_url if this stays"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_BLOCKED,
     "the STOW token is refused, but KHEOPS calls it good when asked: something in front of KHEOPS refuses that a study "
     "is fetched; let such requests pass there, or set ensure_visible: false"}};

static const struct answer_rule metadata_rules[] = {
    {0, 0, ANY, ANSWER_LOST, NULL},
    {200, 200, NO_END, ANSWER_LOST, NULL},
    {200, 200, ANY, ANSWER_DONE, NULL},
    {204, 204, ANY, ANSWER_MISSED, "KHEOPS does not have the instance"},
    {300, 399, ANY, ANSWER_BLOCKED, "it redirects: write the address that it points to into api_url"},
    {400, 400, ANY, ANSWER_REJECTED, "KHEOPS takes a UID of it for no valid object identifier"},
    {401, 401, ANY, ANSWER_TOKEN, "KHEOPS refuses the source token, or does not show the series to it"},
    {403, 403, ANY, ANSWER_TOKEN, "KHEOPS does not let the source token read"},
    {404, 404, ANY, ANSWER_MISSED, "KHEOPS does not have the instance"},
    {405, 405, ANY, ANSWER_BLOCKED, "that address tells of no instance: check api_url"},
    {406, 406, ANY, ANSWER_BLOCKED, "it does not tell of instances in DICOM JSON"},
    {408, 408, ANY, ANSWER_OUTAGE, "it waited too long for the request"},
    {410, 410, ANY, ANSWER_MISSED, "KHEOPS does not have the instance"},
    {429, 429, ANY, ANSWER_BUSY, "too many requests for it"},
    {500, 500, ANY, ANSWER_CRASHED, "trouble inside of KHEOPS"},
    {501, 501, ANY, ANSWER_BLOCKED, "it tells of no instance: check api_url"},
    {502, 502, ANY, ANSWER_CRASHED, "KHEOPS or its PACS is not reachable"},
    {500, 599, ANY, ANSWER_OUTAGE, "KHEOPS is not available, or overloaded"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_STRANGE, "KHEOPS never answers so: check api_url"}};

static const struct answer_rule metadata_good_token_rules[] = {
    {403, 403, ANY, ANSWER_BLOCKED,
     "KHEOPS calls the source token good when asked, but does not let it read: something in front of it refuses that "
     "somebody asks for metadata; let such requests pass there"},
    {LONG_MIN, LONG_MAX, ANY, ANSWER_REJECTED,
     "KHEOPS does not show the series to the source token: it is not in the album that is sent to, or not any more"}};

/* says: how the sentences begin, before the code; NULL: with themselves. */
static const struct {
    const struct answer_rule *rules;
    size_t count;
    const char *says;
} tables[ANSWER_QUESTIONS] = {
#define TABLE(rules) rules, sizeof rules / sizeof *rules
    [ANSWER_STOW] = {TABLE(stow_rules), "the server answers "},
    [ANSWER_STOW_INSTANCE] = {TABLE(stow_instance_rules), "0x"},
    [ANSWER_STOW_GOOD_TOKEN] = {TABLE(stow_good_token_rules), NULL},
    [ANSWER_SHARE] = {TABLE(share_rules), "the server answers "},
    [ANSWER_SHARE_GOOD_TOKENS] = {TABLE(share_good_tokens_rules), NULL},
    [ANSWER_FETCH] = {TABLE(fetch_rules), "asked to look at its study again, the server answers "},
    [ANSWER_FETCH_GOOD_TOKEN] = {TABLE(fetch_good_token_rules), NULL},
    [ANSWER_METADATA] = {TABLE(metadata_rules), "asked about an instance, the server answers "},
    [ANSWER_METADATA_GOOD_TOKEN] = {TABLE(metadata_good_token_rules), NULL}};

/* clang-format on */

const struct answer_rule *answer_rules(enum answer_question question, size_t *ret_count)
{
    *ret_count = tables[question].count;
    return tables[question].rules;
}

static bool answer_rule_fits(const struct answer_rule *rule, long code, unsigned facts)
{
    unsigned conditions = rule->needs & ANSWER_CONDITIONS;
    return code >= rule->low && code <= rule->high && (rule->needs & facts & ANSWER_BODIES) != 0 &&
           (facts & conditions) == conditions;
}

const struct answer_rule *answer_rule(enum answer_question question, long code, unsigned facts)
{
    const struct answer_rule *rule = tables[question].rules;
    while (!answer_rule_fits(rule, code, facts))
        rule++;
    return rule;
}

void answer_rule_append(const struct answer_rule *rule, enum answer_question question, long code,
                        struct text *out)
{
    const char *says = tables[question].says;
    bool done = answer_meaning(rule->verdict)->outcome == WORK_DONE_OUTCOME;
    if (!rule->sentence)
        return;
    if (says && code != 0 && !done)
        text_format(out, question == ANSWER_STOW_INSTANCE ? "%s%04lX: " : "%s%ld: ", says, code);
    text_append(out, rule->sentence);
}

bool answer_needs_body(enum answer_question question, long code)
{
    const struct answer_rule *rule = tables[question].rules;
    while (code < rule->low || code > rule->high)
        rule++;
    return rule->needs != ANY;
}

const struct answer_meaning *answer_meaning(enum answer_verdict verdict)
{
    static const struct answer_meaning meanings[] = {
#define X(name, outcome, blame, next, meaning) \
    [ANSWER_##name] = {WORK_##outcome##_OUTCOME, BLAME_##blame, ANSWER_##next},
        ANSWER_VERDICT_MAP(X)
#undef X
    };
    return &meanings[verdict];
}
