#include "router/sockets.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/wire/bus.h"
#include "router/give_up.h"
#include "router/shared.h"

#include <string.h>
#include <sys/stat.h>

/* Of "ipc://RUN_DIR/work/sock" the folders RUN_DIR and work in it. What is elsewhere is an operator's own; a folder that
 * cannot be made is told by the bind that then fails. */
static void make_folders(const char *run_dir, const char *endpoint)
{
    if (!string_starts_with(endpoint, "ipc://"))
        return;
    AUTO(memory_free) char *path = memory_string(endpoint + strlen("ipc://"));
    size_t length = strlen(run_dir);
    if (!string_starts_with(path, run_dir) || path[length] != '/')
        return;
    for (char *slash = path + length; slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0750);
        *slash = '/';
    }
}

static void open_socket(struct router *router, enum bus_kind kind, const char *endpoint, struct bus **ret_bus)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (bus_create(router->config, kind, endpoint, ret_bus, &reason) != 0)
        give_up("cannot open a socket", text_string(&reason));
}

/* Before a worker can connect. Where none can be written (a full disk), the one of before proves as much: only who may
 * read that folder knows it. */
static void make_proof(struct router *router, bool group)
{
    int code = proof_make(router->config->endpoints.work, group, router->proof);
    if (code != 0 && proof_keep(router->config->endpoints.work, router->proof) == 0)
        log_warning("cannot write a new secret for workers, the one of before stays",
                    LOG_S("error", err_text(code)));
    else if (code != 0)
        give_up("cannot write the workers' secret beside the work socket", err_text(code));
}

void sockets_open(struct router *router)
{
    const struct config *config = router->config;
    struct stat state;
    bool group = stat(config->state_dir, &state) == 0 && (state.st_mode & S_IWGRP) != 0;
    make_folders(config->run_dir, config->endpoints.hints);
    make_folders(config->run_dir, config->endpoints.work);
    make_folders(config->run_dir, config->endpoints.control);
    make_proof(router, group);
    mode_t before = umask(group ? 0117 : 0177);
    open_socket(router, BUS_PULL, config->endpoints.hints, &router->hints);
    open_socket(router, BUS_ROUTER, config->endpoints.work, &router->work);
    open_socket(router, BUS_ROUTER, config->endpoints.control, &router->control);
    (void)umask(before);
}
