#include "router/refusal.h"

#include "common/base/cleanup.h"

enum { NAMES_SHOWN = 20 };

void refuse(struct control_answer *answer, const char *sentence)
{
    answer->stage = CONTROL_REFUSED;
    text_clear(&answer->sentence);
    text_append(&answer->sentence, sentence);
}

struct target *refusal_or_target(struct targets *targets, const struct control_request *request,
                                 struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct target *target =
        request->destination ? targets_named(targets, request->destination, request->album) : NULL;
    if (target)
        return target;
    text_format(&sentence, "there is no destination or album \"%s%s%s\"; there are: ",
                request->destination ? request->destination : "", request->album ? "/" : "",
                request->album ? request->album : "");
    for (size_t i = 0; i < targets_count(targets) && i < NAMES_SHOWN; i++) {
        text_append(&sentence, i > 0 ? ", " : "");
        target_append_name(targets_at(targets, i), &sentence);
    }
    refuse(answer, text_string(&sentence));
    return NULL;
}
