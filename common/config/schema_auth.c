#include "common/config/schema.h"

#include "common/config/config.h"

static const char *const type_words[] = {"token", "basic", "oauth2", "aws_sigv4", NULL};
static const char *const secret_in_words[] = {"header", "form", NULL};
static const char *const assertion_words[] = {"client", "grant", NULL};
static const char *const algorithm_words[] = {"auto", "RS256", "RS384", "ES256", "ES384", NULL};

/* The keys of one auth, in a struct that holds it. */
#define AUTH(type, member) .offset = offsetof(struct type, auth.member)
#define AUTH_KEYS(in, token_otherwise)                                                                         \
    {"type",                                                                                                   \
     CONFIG_CHOICE,                                                                                            \
     AUTH(in, type),                                                                                           \
     .standard = "token",                                                                                      \
     .words = type_words,                                                                                      \
     .help = "`token`: a token that somebody made; `basic`: a user and a password; `oauth2`: tokens of a "     \
             "login server, which are fetched and renewed; `aws_sigv4`: each request is signed, for AWS."},    \
        {"token", CONFIG_SECRET, AUTH(in, token), .otherwise = token_otherwise,                                \
         .help = "`token`: it goes as `Authorization: Bearer`; best as `${file:PATH}`."},                      \
        {"user", CONFIG_LINE, AUTH(in, user), .otherwise = "not set", .help = "`basic`: who logs in."},        \
        {"password", CONFIG_SECRET, AUTH(in, password), .otherwise = "not set",                                \
         .help = "`basic`: and with what; best as `${file:PATH}`."},                                           \
        {"token_url", CONFIG_URL, AUTH(in, token_url), .otherwise = "not set",                                 \
         .help = "`oauth2`: the token endpoint of the login server."},                                         \
        {"client_id", CONFIG_LINE, AUTH(in, client_id), .otherwise = "not set",                                \
         .help = "`oauth2`: who asks there; of a Google service account its address."},                        \
        {"client_secret", CONFIG_SECRET, AUTH(in, client_secret), .otherwise = "`key` signs",                  \
         .help = "`oauth2`: the client's secret; best as `${file:PATH}`."},                                    \
        {"secret_in",                                                                                          \
         CONFIG_CHOICE,                                                                                        \
         AUTH(in, secret_in),                                                                                  \
         .standard = "header",                                                                                 \
         .words = secret_in_words,                                                                             \
         .help =                                                                                               \
             "`oauth2`: where `client_secret` goes: `header` (HTTP Basic) or `form` (`client_secret_post`)."}, \
        {"scope", CONFIG_LINE, AUTH(in, scope), .otherwise = "none is asked for",                              \
         .help = "`oauth2`: what the token is to allow, with blanks between the words."},                      \
        {"audience", CONFIG_LINE, AUTH(in, audience), .otherwise = "none is named",                            \
         .help = "`oauth2`: for which server it is, where the login server wants to know (`audience`)."},      \
        {"key", CONFIG_SECRET, AUTH(in, key), .otherwise = "`client_secret` is shown",                         \
         .help = "`oauth2`: a private key (PEM, RSA or EC; or Google's JSON file), as `${file:PATH}`, that "   \
                 "signs an assertion (RFC 7523) instead of a secret."},                                        \
        {"key_id", CONFIG_LINE, AUTH(in, key_id), .otherwise = "that of Google's file, or none",               \
         .help = "`oauth2`: how the login server calls that key (`kid`)."},                                    \
        {"algorithm",                                                                                          \
         CONFIG_CHOICE,                                                                                        \
         AUTH(in, algorithm),                                                                                  \
         .standard = "auto",                                                                                   \
         .words = algorithm_words,                                                                             \
         .help = "`oauth2`: how the key signs; `auto` is RS256, ES256 or ES384 by the key. SMART backend "     \
                 "services want RS384 or ES384."},                                                             \
        {"assertion",                                                                                          \
         CONFIG_CHOICE,                                                                                        \
         AUTH(in, assertion),                                                                                  \
         .standard = "client",                                                                                 \
         .words = assertion_words,                                                                             \
         .help = "`oauth2`: what the assertion is: `client` says who asks (SMART backend services, "           \
                 "`private_key_jwt`), `grant` is the grant itself (Google's service accounts)."},              \
        {"assertion_audience", CONFIG_LINE, AUTH(in, assertion_audience), .otherwise = "`token_url`",          \
         .help =                                                                                               \
             "`oauth2`: whom the assertion is for (`aud`), where the login server wants its issuer there."},   \
        {"ca_file", CONFIG_PATH, AUTH(in, ca_file), .otherwise = "the system's",                               \
         .help = "`oauth2`: certificates (PEM) that sign the login server's."},                                \
        {"access_key", CONFIG_SECRET, AUTH(in, access_key), .otherwise = "not set",                            \
         .help = "`aws_sigv4`: the access key's id; best as `${file:PATH}`."},                                 \
        {"secret_key", CONFIG_SECRET, AUTH(in, secret_key), .otherwise = "not set",                            \
         .help = "`aws_sigv4`: its secret; best as `${file:PATH}`."},                                          \
        {"session_token", CONFIG_SECRET, AUTH(in, session_token), .otherwise = "none",                         \
         .help = "`aws_sigv4`: the session token of temporary keys."},                                         \
        {"region", CONFIG_NAME, AUTH(in, region), .otherwise = "not set",                                      \
         .help = "`aws_sigv4`: the region, such as `eu-central-1`."},                                          \
        {"service", CONFIG_NAME, AUTH(in, service), .standard = "medical-imaging",                             \
         .help = "`aws_sigv4`: the service that is signed for."},                                              \
    {                                                                                                          \
        .name = NULL                                                                                           \
    }

static const struct config_key destination_keys[] = {AUTH_KEYS(config_destination, "`headers` hold it")};
const struct config_section config_auth_of_destination = {
    "auth", NULL, 0, destination_keys,
    "How the server knows who sends: one `type`, with the keys that begin with its name below; see "
    "[other servers](servers.md#logins). KHEOPS knows tokens alone, which stand in `headers`. A client certificate "
    "(`client_cert`) may come on top."};

static const struct config_key webhook_keys[] = {AUTH_KEYS(config_webhook, "none is shown")};
const struct config_section config_auth_of_webhook = {
    "auth", NULL, 0, webhook_keys,
    "How the server knows who sends, as for a [destination](servers.md#logins): none of it by default."};
