/* Any bytes as a value: two letters of a VR, a declaration of character sets up to a line break, then the
 * value. Its text is valid UTF-8 without blanks at its end. */
#include "common/base/cleanup.h"
#include "common/base/utf8.h"
#include "common/dicom/value.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text again = TEXT_EMPTY;
    if (length < 3)
        return 0;
    const char vr[3] = {(char)bytes[0], (char)bytes[1], '\0'}, *rest = (const char *)bytes + 2;
    const char *line = memchr(rest, '\n', length - 2);
    size_t declared = line ? (size_t)(line - rest) : length - 2;
    AUTO(charset_destroy) struct charset *charset = charset_create(rest, declared);
    const char *value = line ? line + 1 : rest + declared;
    size_t value_length = length - (size_t)(value - (const char *)bytes);
    double number = 0;
    bool has = value_text(vr, value, value_length, charset, &text);
    assert(has == (text.length > 0));
    if (has)
        assert((unsigned char)text.bytes[text.length - 1] > ' ');
    utf8_append_checked(&again, text_string(&text), text.length);
    assert(again.length == text.length && memcmp(text_string(&again), text_string(&text), text.length) == 0);
    if (value_number(vr, value, value_length, &number))
        assert(number - number == 0 && value_has_text(vr, value_length));
    return 0;
}
