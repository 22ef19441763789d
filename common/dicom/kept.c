#include "common/dicom/kept.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

bool kept_deflate(const struct text *header, struct text *out)
{
    uLongf length = compressBound(header->length);
    AUTO(memory_free) Bytef *deflated = memory_new(length, 1);
    if (header->length > KEPT_MAX ||
        compress2(deflated, &length, (const Bytef *)header->bytes, header->length, Z_BEST_SPEED) != Z_OK)
        return false;
    text_append_bytes(out, deflated, length);
    return true;
}

bool kept_append(struct dataset *dataset, struct text *out)
{
    AUTO(text_release) struct text header = TEXT_EMPTY;
    return dataset_append_header(dataset, KEPT_MAX, &header) && kept_deflate(&header, out);
}

static int write_all(int fd, const unsigned char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t wrote = write(fd, bytes + done, length - done);
        if (wrote <= 0)
            return ERR_IO;
        done += (size_t)wrote;
    }
    return 0;
}

int kept_open(const void *bytes, size_t length, int *ret_fd)
{
    uLongf inflated = KEPT_MAX;
    AUTO(memory_free) Bytef *header = memory_new(inflated, 1);
    if (uncompress(header, &inflated, bytes, length) != Z_OK)
        return ERR_SYNTAX;
    AUTO(fd_close) int fd = memfd_create("header", MFD_CLOEXEC);
    if (fd < 0 || write_all(fd, header, inflated) != 0)
        return ERR_IO;
    *ret_fd = fd;
    fd = -1;
    return 0;
}
