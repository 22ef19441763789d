/* The address that a browser, or who says that it is one, asks the console for.
 * It is refused with a sentence, or what is taken has no control character but the line ends and tabs of a condition, and its
 * parameters can be written into an address that means the same. */
#include "common/base/cleanup.h"
#include "console/asked.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ck_is_plain(const char *text, bool has_lines)
{
    for (; *text; text++)
        assert(((unsigned char)*text >= 0x20 && *text != 0x7f) ||
               (has_lines && (*text == '\n' || *text == '\t')));
}

static void ck_comes_back(const struct asked *asked)
{
    AUTO(text_release) struct text target = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(asked_release) struct asked again = {0};
    text_append(&target, "/x?");
    for (size_t i = 0; i < asked->count; i++) {
        asked_append_encoded(asked->parameters[i].name, &target);
        text_append_char(&target, '=');
        asked_append_encoded(asked->parameters[i].value, &target);
        text_append_char(&target, '&');
    }
    if (target.length > ASKED_BYTES)
        return; /* encoded, it is longer */
    assert(asked_parse(text_string(&target), &again, &reason) == 200);
    assert(again.count == asked->count);
    for (size_t i = 0; i < again.count; i++)
        assert(strcmp(again.parameters[i].name, asked->parameters[i].name) == 0 &&
               strcmp(again.parameters[i].value, asked->parameters[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(text_release) struct text target = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(asked_release) struct asked asked = {0};
    text_append_bytes(&target, bytes, length);
    unsigned status = asked_parse(text_string(&target), &asked, &reason);
    assert(status == 200 || status == 400 || status == 404 || status == 414);
    assert(status == 200 || status == 404 || reason.length > 0);
    if (status != 200)
        return 0;
    assert(asked.page && *asked.page && !strchr(asked.page, '/') && asked.count <= ASKED_PARAMETERS);
    assert(!asked.item || (*asked.item && !strchr(asked.item, '/')));
    ck_is_plain(asked.page, false);
    for (size_t i = 0; i < asked.count; i++)
        ck_is_plain(asked.parameters[i].value, strcmp(asked.parameters[i].name, "expression") == 0);
    ck_comes_back(&asked);
    return 0;
}
