#include "cli/check_certificates.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/tls/certificates.h"
#include "common/tls/tls_server.h"

#include <string.h>

struct visit {
    const struct config *config;
    struct findings *findings;
    int64_t now;
};

/* As the process that shows it would. */
static int try_files(const struct config *config, const struct certificate_use *use, struct text *reason)
{
    AUTO(tls_server_destroy) struct tls_server *server = NULL;
    return !use->process || strcmp(use->process, "receiver") != 0
               ? certificate_check_key(use->path, use->key_path, reason)
               : tls_server_create(&config->receiver.tls, &server, reason);
}

static void check_one(void *context, const struct certificate_use *use)
{
    const struct visit *visit = context;
    AUTO(text_release) struct text sentence = TEXT_EMPTY, reason = TEXT_EMPTY;
    struct certificate_facts facts;
    char ends[CLOCK_ISO_SIZE];
    if (try_files(visit->config, use, &reason) != 0 || certificate_read(use->path, &facts, &reason) != 0) {
        certificate_append_name(use, &sentence);
        text_format(&sentence, ": %s", text_string(&reason));
        findings_add(visit->findings, FINDING_WRONG, text_string(&sentence));
        return;
    }
    if (certificate_tell_end(use, &facts, visit->now, &sentence)) {
        bool good = visit->now >= facts.begins_ms && visit->now < facts.ends_ms;
        findings_add(visit->findings, good ? FINDING_NOTE : FINDING_WRONG, text_string(&sentence));
        return;
    }
    certificate_append_name(use, &sentence);
    text_format(&sentence, ": the certificate of %s and its key fit, and it is good until %s",
                facts.name.subject, clock_local(facts.ends_ms, ends));
    findings_add(visit->findings, FINDING_OK, text_string(&sentence));
}

void check_certificates(const struct config *config, int64_t now, struct findings *findings)
{
    struct visit visit = {config, findings, now};
    certificates_each(config, check_one, &visit);
}
