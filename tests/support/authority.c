#include "tests/support/authority.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/process.h"
#include "tests/support/require.h"

#include <stddef.h>

enum { LIMIT_MS = 20000 };

#define KEY     "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
#define KEY_RSA "-newkey rsa:2048 -nodes"

static void run(const struct text *line)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {"/bin/sh", "-ec", text_string(line), NULL};
    require(process_run(argv, NULL, LIMIT_MS, &output) == 0, "%s: %s", text_string(line),
            text_string(&output));
}

static struct certificate name_files(struct sandbox *sandbox, const char *name)
{
    return (struct certificate){sandbox_path(sandbox, "%s.pem", name), sandbox_path(sandbox, "%s.key", name)};
}

struct certificate authority_create(struct sandbox *sandbox, const char *name)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct certificate made = name_files(sandbox, name);
    text_format(&line, "openssl req -x509 " KEY " -keyout '%s' -out '%s' -subj '/CN=Felucca Test %s' -days 2",
                made.key, made.certificate, name);
    run(&line);
    return made;
}

static struct certificate sign(struct sandbox *sandbox, const struct certificate *authority, const char *kind,
                               const char *name, const char *host, int days)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct certificate made = name_files(sandbox, name);
    text_format(&line,
                "openssl req %s"
                " -keyout '%s' -out '%s.csr' -subj '/CN=%s' -addext 'subjectAltName=%s' && "
                "openssl x509 -req -in '%s.csr' -CA '%s' -CAkey '%s' -CAcreateserial "
                "-copy_extensions copyall -days %d -out '%s'",
                kind, made.key, made.certificate, name, host, made.certificate, authority->certificate,
                authority->key, days, made.certificate);
    run(&line);
    return made;
}

struct certificate authority_sign(struct sandbox *sandbox, const struct certificate *authority,
                                  const char *name, const char *host, int days)
{
    return sign(sandbox, authority, KEY, name, host, days);
}

struct certificate authority_sign_rsa(struct sandbox *sandbox, const struct certificate *authority,
                                      const char *name, const char *host, int days)
{
    return sign(sandbox, authority, KEY_RSA, name, host, days);
}

const char *authority_revoke(struct sandbox *sandbox, const struct certificate *authority, const char *name,
                             const struct certificate *revoked)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    const char *list = sandbox_path(sandbox, "%s.crl", name),
               *index = sandbox_path(sandbox, "%s.index", name);
    const char *settings = sandbox_path(sandbox, "%s.cnf", name);
    text_format(
        &line, "printf '[ca]\\ndefault_ca=own\\n[own]\\ndatabase=%s\\ndefault_md=sha256\\n' >'%s'; : >'%s'; ",
        index, settings, index);
    if (revoked)
        text_format(&line, "openssl ca -config '%s' -cert '%s' -keyfile '%s' -revoke '%s'; ", settings,
                    authority->certificate, authority->key, revoked->certificate);
    text_format(&line, "openssl ca -config '%s' -cert '%s' -keyfile '%s' -gencrl -crldays 1 -out '%s'",
                settings, authority->certificate, authority->key, list);
    run(&line);
    return list;
}
