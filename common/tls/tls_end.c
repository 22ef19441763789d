#include "common/tls/tls_end.h"

const char *tls_end_name(enum tls_end end)
{
    static const char *const names[] = {
#define X(name, text) text,
        TLS_END_MAP(X)
#undef X
    };
    return names[end];
}
