/* certificate - what a certificate's file says, without anybody to use it for. */
#ifndef FELUCCA_TLS_CERTIFICATE_H
#define FELUCCA_TLS_CERTIFICATE_H

#include "common/base/text.h"
#include "common/config/certificate_name.h"

#include <stdint.h>

struct certificate_facts {
    struct certificate_name name; /* of the first one */
    int64_t begins_ms, ends_ms;   /* wall time in which all of the file are good */
};

/* 0, or ERR_ABSENT, ERR_DENIED or ERR_SYNTAX with a sentence appended to reason. */
int certificate_read(const char *path, struct certificate_facts *ret_facts, struct text *reason);

/* Whether the key is the certificate's: 0, or an error with a sentence appended to reason. */
int certificate_check_key(const char *path, const char *key_path, struct text *reason);

#endif
