#include "common/config/keys.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/config/allowed_keys.h"
#include "common/config/value.h"
#include "common/config/secret.h"

#include <sys/stat.h>

static bool uses_tcp(const struct config *config, unsigned traits)
{
    return ((traits & PROCESS_HINTS) && string_starts_with(config->endpoints.hints, "tcp://")) ||
           ((traits & PROCESS_WORK) && string_starts_with(config->endpoints.work, "tcp://")) ||
           ((traits & PROCESS_CONTROL) && string_starts_with(config->endpoints.control, "tcp://"));
}

static int keys_fail(const struct config *config, struct text *errors, const char *where,
                     const char *sentence)
{
    text_format(errors, "%s: curve: %s: %s\n", config->path, where, sentence);
    return ERR_CONFIG;
}

/* Reading is harmless for a group: that is how a process gets its own secret and no other. */
static void warn_of_secret(const struct config *config, struct text *warnings)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (secret_is_exposed(config->curve.secret_key, &path))
        text_format(warnings,
                    "%s: curve: secret_key: everybody on this machine can read %s and pass for this process; "
                    "chmod o-rwx,g-w it\n",
                    config->path, text_string(&path));
}

static int check_secret(const struct config *config, struct text *errors, struct text *warnings)
{
    AUTO(secret_wipe) struct text key = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    warn_of_secret(config, warnings);
    if (secret_resolve(config->curve.secret_key, &key, &reason) != 0 ||
        config_value_check_key(text_string(&key), &reason) != 0)
        return keys_fail(config, errors, "secret_key", text_string(&reason));
    return 0;
}

static int check_list(const struct config *config, struct text *errors, struct text *warnings)
{
    AUTO(allowed_keys_destroy) struct allowed_keys *keys = NULL;
    const char *path = config->curve.allowed_keys;
    struct stat status;
    int code = allowed_keys_load(path, &keys, errors);
    if (code != 0)
        return code;
    if (stat(path, &status) == 0 && (status.st_mode & S_IWOTH) != 0)
        text_format(warnings, "%s: everybody on this machine can write it and let anyone in; chmod o-w it\n",
                    path);
    if (allowed_keys_count(keys) == 0)
        text_format(warnings, "%s: lists no key: nobody can connect to a tcp:// endpoint\n", path);
    return 0;
}

static int check_side(const struct config *config, bool is_server, struct text *errors, struct text *warnings)
{
    int code = check_secret(config, errors, warnings);
    if (!is_server)
        return config->curve.server_key
                   ? code
                   : keys_fail(
                         config, errors, "server_key",
                         "is missing; a tcp:// endpoint needs the router's public key, which `felucca keys` "
                         "printed with its secret one");
    if (!config->curve.allowed_keys)
        return keys_fail(
            config, errors, "allowed_keys",
            "is missing; the router's tcp:// endpoints need a file with the public keys that may connect, "
            "one a line");
    int list = check_list(config, errors, warnings);
    return code ? code : list;
}

int config_check_keys(const struct config *config, const struct processes_row *process, struct text *errors,
                      struct text *warnings)
{
    if (!uses_tcp(config, process->traits))
        return 0;
    return check_side(config, process->traits & PROCESS_SERVES, errors, warnings);
}

int config_check_any_keys(const struct config *config, struct text *errors, struct text *warnings)
{
    int secret = config->curve.secret_key ? check_secret(config, errors, warnings) : 0;
    int list = config->curve.allowed_keys ? check_list(config, errors, warnings) : 0;
    return secret ? secret : list;
}
