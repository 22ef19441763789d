#include "receiver/tls_files.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/tls/certificates.h"

/* Told when it is read; the status, a metric and an alert tell it later. */
static void warn_of_end(const struct config_tls *settings, const struct tls_server *server)
{
    const struct certificate_use use = {.process = "receiver", .path = settings->certificate_file};
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (certificate_tell_end(&use, tls_server_facts(server), clock_wall_ms(), &sentence))
        log_warning("certificate", LOG_S("because", text_string(&sentence)));
}

static int create(const struct config *config, struct tls_server **ret_server, struct text *reason)
{
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    const struct config_tls *settings = &config->receiver.tls;
    if (tls_server_create(settings, ret_server, &wrong) == 0) {
        warn_of_end(settings, *ret_server);
        return 0;
    }
    text_format(reason, "receiver: tls: %s", text_string(&wrong));
    return ERR_CONFIG;
}

int tls_files_read(const struct config *config, struct tls_server **ret_server, struct text *reason)
{
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    int code = config->receiver.tls.port == 0 ? 0 : create(config, ret_server, &wrong);
    if (code == 0)
        return 0;
    if (config->receiver.port == 0) {
        text_append(reason, text_string(&wrong));
        return code;
    }
    log_error("TLS files cannot be used, the TLS port stays closed until SIGHUP",
              LOG_S("because", text_string(&wrong)));
    return 0;
}

void tls_files_read_again(const struct config *config, struct tls_server **server)
{
    AUTO(tls_server_destroy) struct tls_server *now = NULL;
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    if (config->receiver.tls.port == 0) {
        log_debug("no TLS port, nothing to read for it");
    } else if (create(config, &now, &wrong) < 0) {
        log_error(*server ? "TLS files cannot be used, keeping what was read before"
                          : "TLS files cannot be used, the TLS port stays closed until SIGHUP",
                  LOG_S("because", text_string(&wrong)));
    } else {
        struct tls_server *former = *server;
        *server = now;
        now = former;
    }
}
