#include "sender/stow_answer.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "sender/stow_answer_parts.h"

#include <stdlib.h>
#include <string.h>

int stow_answer_read(const char *content_type, const char *body, size_t length,
                     struct stow_answer **ret_answer)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf"; /* of UTF-8; RFC 8259 8.1 lets it be ignored */
    if (length >= 3 && memcmp(body, byte_order_mark, 3) == 0) {
        body += 3;
        length -= 3;
    }
    while (length > 0 && memchr(" \t\r\n", *body, 4)) { /* a NUL is no white space */
        body++;
        length--;
    }
    if (length == 0)
        return ERR_ABSENT;
    AUTO(stow_answer_destroy) struct stow_answer *answer = memory_new(1, sizeof *answer);
    /* Servers mistake their own type. XML begins with "<", and JSON never does. */
    bool is_xml = *body == '<' || strstr(content_type, "xml");
    int code =
        is_xml ? stow_answer_read_xml(body, length, answer) : stow_answer_read_json(body, length, answer);
    if (code != 0)
        return code;
    *ret_answer = answer;
    answer = NULL;
    return 0;
}

void stow_answer_destroy(struct stow_answer **answer)
{
    if (!*answer)
        return;
    free((*answer)->references);
    free(*answer);
    *answer = NULL;
}

const struct stow_reference *stow_answer_find(const struct stow_answer *answer, const char *sop_instance)
{
    const struct stow_reference *found = NULL;
    for (size_t i = 0; i < answer->count; i++) {
        const struct stow_reference *reference = &answer->references[i];
        if (strcmp(reference->sop_instance, sop_instance) == 0 && (!found || reference->stored))
            found = reference;
    }
    return found;
}
