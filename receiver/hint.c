#include "receiver/hint.h"

#include "common/tls/tls_end.h"
#include "receiver/handler.h"

/* Of each kind: a number is below this, where it is no count. */
static int64_t number_limit(enum hint_kind kind)
{
    switch (kind) {
    case HINT_REFUSED:
        return HINT_REFUSALS;
    case HINT_ASSOCIATION:
        return ASSOCIATION_ENDS;
    case HINT_REJECTED:
        return ASSOCIATION_VERDICTS;
    case HINT_COMMITMENT:
        return ASSOCIATION_COMMITMENTS;
    case HINT_TLS:
        return TLS_ENDS;
    default:
        return INT64_MAX;
    }
}

static bool is_receipt(const char receipt[RECEIPT_SIZE])
{
    return receipt[RECEIPT_LENGTH] == '\0' && receipt_is_valid(receipt);
}

bool hint_is_sound(const struct hint *hint)
{
    if ((unsigned)hint->kind >= HINT_KINDS || hint->number < 0 || hint->durable_us < 0)
        return false;
    return hint->number < number_limit(hint->kind) &&
           (hint->kind != HINT_INSTANCE || is_receipt(hint->receipt));
}
