#include "common/base/err.h"

#include <errno.h>

const char *err_text(int code)
{
    switch (code) {
    case 0:
        return "no error";
#define X(name, number, text) \
    case number:              \
        return text;
        ERR_MAP(X)
#undef X
    default:
        return "unknown error";
    }
}

int err_from_errno(int error_number)
{
    switch (error_number) {
    case ENOMEM:
        return ERR_NOMEM;
    case ENOSPC:
    case EDQUOT:
        return ERR_NOSPACE;
    case EEXIST:
    case ENOTEMPTY:
        return ERR_EXISTS;
    case ENOENT:
        return ERR_ABSENT;
    case EAGAIN:
    case EINTR:
        return ERR_AGAIN;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}
