#include "common/tls/certificates.h"

#include <time.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

void certificates_each(const struct config *config,
                       void (*each)(void *context, const struct certificate_use *use), void *context)
{
    const struct config_tls *tls = &config->receiver.tls;
    if (tls->port != 0)
        each(context, &(struct certificate_use){NULL, "receiver", tls->certificate_file, tls->key_file});
    if (config->console.is_written && config->console.certificate_file && config->console.key_file)
        each(context, &(struct certificate_use){NULL, "console", config->console.certificate_file,
                                                config->console.key_file});
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            if (destination->client_cert)
                each(context, &(struct certificate_use){destination->name, NULL, destination->client_cert,
                                                        destination->client_key});
        }
}

void certificate_append_name(const struct certificate_use *use, struct text *out)
{
    text_format(out, "%s%s", use->destination ? "destination " : use->process,
                use->destination ? use->destination : "");
}

/* "26 November 2027", here. */
static void append_day(int64_t at, struct text *out)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm day;
    char name[32];
    (void)localtime_r(&seconds, &day);
    (void)strftime(name, sizeof name, "%e %B %Y", &day);
    text_append(out, *name == ' ' ? name + 1 : name);
}

bool certificate_tell_end(const struct certificate_use *use, const struct certificate_facts *facts,
                          int64_t now, struct text *out)
{
    bool early = now < facts->begins_ms;
    if (!early && facts->ends_ms - now > CERTIFICATE_EXPIRY_DAYS * DAY_MS)
        return false;
    certificate_append_name(use, out);
    text_format(out, ": the certificate in %s ", use->path);
    text_append(out, early ? "is good from " : now < facts->ends_ms ? "ends on " : "has ended on ");
    append_day(early ? facts->begins_ms : facts->ends_ms, out);
    if (early)
        text_append(out, " on, and not before: look at the clock of this machine, or ask who signed it");
    else
        text_format(out, ": put a new one, and its key, into its place%s%s",
                    use->destination ? "" : ", then SIGHUP to the ", use->destination ? "" : use->process);
    return true;
}
