#include "tests/support/silent_names.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/require.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

enum { SERVERS = 3, NAME_SERVER_PORT = 53 };

static int name_servers[SERVERS]; /* nobody reads them */

void silent_names_begin(struct sandbox *sandbox)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    char path[4096];
    for (int i = 0; i < SERVERS; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(NAME_SERVER_PORT)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
        name_servers[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        require(name_servers[i] >= 0 &&
                    bind(name_servers[i], (struct sockaddr *)&address, sizeof address) == 0,
                "no name server: %s", strerror(errno));
        text_format(&lines, "nameserver 127.0.0.%d\n", i + 1);
    }
    const char *file = sandbox_write(sandbox, "resolv.conf", text_string(&lines));
    require(realpath("/etc/resolv.conf", path) && unshare(CLONE_NEWNS) == 0 &&
                mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount(file, path, NULL, MS_BIND, NULL) == 0,
            "no resolv.conf of our own: %s", strerror(errno));
}

bool silent_names_asked(void)
{
    char question[512];
    return recv(name_servers[0], question, sizeof question, MSG_DONTWAIT | MSG_PEEK) > 0;
}
