/* certificate_name - whose certificate it is, and whether that is the one which a source has to show.
 *
 * In the configuration it is written as attributes of the subject, as RFC 4514 writes them ("CN=ct01.example.org,O=A
 * Hospital"; a comma within a value has a backslash in front), or as the SHA-256 fingerprint: 64 hexadecimal digits, with
 * or without colons, as openssl prints it. */
#ifndef FELUCCA_CONFIG_CERTIFICATE_NAME_H
#define FELUCCA_CONFIG_CERTIFICATE_NAME_H

#include "common/base/text.h"

#include <stdbool.h>

enum { CERTIFICATE_SUBJECT_SIZE = 512, CERTIFICATE_FINGERPRINT_SIZE = 65 };

/* Of a certificate that was shown, and is right. */
struct certificate_name {
    char subject[CERTIFICATE_SUBJECT_SIZE];         /* RFC 4514; "": too long for us, which fits nothing */
    char fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* SHA-256, lower case hexadecimal */
};

/* What may be written. 0, or ERR_SYNTAX with a sentence appended to reason. */
int certificate_name_check(const char *text, struct text *reason);

/* Whether the shown one has every attribute that is written, with this very value, or the fingerprint. */
bool certificate_name_fits(const char *written, const struct certificate_name *shown);

#endif
