#include "sender/client_certificates.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/tls/certificates.h"

enum { AGAIN_MS = 60 * 1000 };

struct client_certificates {
    struct metric *expiry;
    const struct config *config; /* that was looked at last */
    int64_t due, now;            /* monotonic, wall ms */
};

struct client_certificates *client_certificates_create(struct metrics *metrics)
{
    static const char *const by[] = {"certificate", NULL};
    struct client_certificates *certificates = memory_new(1, sizeof *certificates);
    certificates->expiry = metrics_add(metrics, METRIC_GAUGE, "certificate_expiry_seconds",
                                       "Time until a certificate in use ends, negative when it has.", by);
    return certificates;
}

void client_certificates_destroy(struct client_certificates **certificates)
{
    memory_free(certificates);
}

/* One that cannot be read makes requests fail, which is told there. */
static void show_one(void *context, const struct certificate_use *use)
{
    const struct client_certificates *certificates = context;
    AUTO(text_release) struct text name = TEXT_EMPTY, reason = TEXT_EMPTY;
    struct certificate_facts facts;
    if (!use->destination || certificate_read(use->path, &facts, &reason) != 0)
        return;
    certificate_append_name(use, &name);
    metric_set(certificates->expiry, (const char *const[]){text_string(&name)},
               (double)(facts.ends_ms - certificates->now) / 1000);
}

void client_certificates_show(struct client_certificates *certificates, const struct config *config,
                              int64_t monotonic, int64_t now)
{
    if (config == certificates->config && monotonic < certificates->due)
        return;
    certificates->config = config;
    certificates->due = monotonic + AGAIN_MS;
    certificates->now = now;
    metric_clear(certificates->expiry); /* a destination may be gone */
    certificates_each(config, show_one, certificates);
}
