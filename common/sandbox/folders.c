#include "common/sandbox/folders.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface (linux/landlock.h), with what came after the one of Debian 12. */
enum { ASK_VERSION = 1, RULE_PATH_BENEATH = 1 };

struct ruleset {
    uint64_t files;  /* since version 1 */
    uint64_t ports;  /* 4 */
    uint64_t scopes; /* 6 */
};

struct path_beneath {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

enum {
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    REMOVE_FILE = 1 << 5,
    MAKE_FILE = 1 << 8,
    ALLOWED = WRITE_FILE | READ_FILE | REMOVE_FILE | MAKE_FILE,
    ALL_PORTS = 3, /* bind and connect */
    ALL_SCOPES = 3 /* abstract sockets and signals of others */
};

static int version(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
}

bool folders_are_known(void)
{
    return version() > 0;
}

/* All that this version can refuse, and how much of the struct it knows. */
static size_t take_ruleset(int has, struct ruleset *ret_ruleset)
{
    unsigned bits = has >= 5 ? 16 : has >= 3 ? 15 : has >= 2 ? 14 : 13;
    *ret_ruleset = (struct ruleset){.files = (UINT64_C(1) << bits) - 1,
                                    .ports = has >= 4 ? ALL_PORTS : 0,
                                    .scopes = has >= 6 ? ALL_SCOPES : 0};
    return has >= 6 ? sizeof *ret_ruleset : has >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

int folders_limit(const int *folders, size_t count)
{
    struct ruleset ruleset;
    int has = version();
    if (has <= 0)
        return ERR_ABSENT;
    size_t size = take_ruleset(has, &ruleset);
    AUTO(fd_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    if (fd < 0)
        return err_from_errno(errno);
    for (size_t i = 0; i < count; i++) {
        const struct path_beneath below = {ALLOWED, folders[i]};
        if (syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &below, 0) != 0)
            return err_from_errno(errno);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return err_from_errno(errno);
    return 0;
}
