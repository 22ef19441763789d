#include "common/base/boot.h"

#include "common/base/cleanup.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool is_id(const char *text)
{
    for (size_t i = 0; i < BOOT_ID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

void boot_id(char ret_id[BOOT_ID_SIZE])
{
    char bytes[BOOT_ID_SIZE] = "";
    AUTO(fd_close) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, bytes, BOOT_ID_SIZE - 1);
    if (length != BOOT_ID_SIZE - 1 || !is_id(bytes))
        bytes[0] = '\0';
    memcpy(ret_id, bytes, BOOT_ID_SIZE);
}

void boot_mark(char ret_mark[BOOT_MARK_SIZE])
{
    char id[BOOT_ID_SIZE];
    boot_id(id);
    memcpy(ret_mark, id, BOOT_MARK_SIZE - 1);
    ret_mark[BOOT_MARK_SIZE - 1] = '\0';
}
