#include "common/config/passcode.h"

#include "common/config/secret.h"

int passcode_of_source(const struct config_source *source, struct text *ret_passcode, struct text *ret_reason)
{
    return secret_resolve(source->passcode, ret_passcode, ret_reason);
}

bool passcode_equals(const struct text *passcode, const void *bytes, size_t length)
{
    const unsigned char *theirs = bytes, *ours = (const unsigned char *)text_string(passcode);
    unsigned char difference = passcode->length != length;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(theirs[i] ^ (i < passcode->length ? ours[i] : 0));
    return difference == 0;
}

void passcode_wipe(struct text *passcode)
{
    secret_wipe(passcode);
}
