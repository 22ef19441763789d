/* A form and the headers that come with it, from a browser or who says that it is one.
 * It is refused with a sentence, or no field has a control character or comes twice; a session's cookie is of hexadecimal
 * digits alone; and a group is in a list only where its bytes are. */
#include "common/base/cleanup.h"
#include "console/asked.h"
#include "console/header.h"
#include "console/multipart.h"
#include "console/sessions.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ck_form(const char *body, size_t length)
{
    AUTO(asked_release) struct asked form = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    unsigned status = asked_parse_form(body, length, &form, &reason);
    assert(status == 200 || (status == 400 && reason.length > 0));
    assert(form.count <= ASKED_PARAMETERS && !form.page && !form.item);
    for (size_t i = 0; status == 200 && i < form.count; i++) {
        for (const char *c = form.parameters[i].value; *c; c++)
            assert(((unsigned char)*c >= 0x20 && *c != 0x7f) ||
                   (strcmp(form.parameters[i].name, "expression") == 0 && (*c == '\n' || *c == '\t')));
        for (size_t k = 0; k < i; k++)
            assert(strcmp(form.parameters[i].name, form.parameters[k].name) != 0);
    }
}

/* The same as what a form with a file is. */
static void ck_parts(const char *body, size_t length)
{
    AUTO(asked_release) struct asked form = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    unsigned status = multipart_parse("multipart/form-data; boundary=x", body, length, &form, &reason);
    assert(status == 200 || reason.length > 0);
    for (size_t i = 0; status == 200 && i < form.count; i++)
        for (const char *c = form.parameters[i].value; *c; c++)
            assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void ck_headers(const char *header)
{
    AUTO(text_release) struct text cookie = TEXT_EMPTY;
    if (header_find_cookie(header, "felucca", &cookie))
        assert(cookie.length == SESSION_COOKIE_LENGTH &&
               strspn(text_string(&cookie), "0123456789abcdef") == SESSION_COOKIE_LENGTH &&
               strstr(header, text_string(&cookie)));
    else
        assert(cookie.length == 0);
    assert(!header_has_word(header, "operators") || strstr(header, "operators"));
    assert(!header_has_word(header, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    text_append_bytes(&body, bytes, length);
    ck_form(text_string(&body), body.length);
    ck_parts(text_string(&body), body.length);
    ck_headers(text_string(&body));
    return 0;
}
