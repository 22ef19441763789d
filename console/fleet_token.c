#include "console/fleet_token.h"

#include "common/base/sha256.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 4096 };

static bool is_asked_by_fleet(const struct web_request *request, const struct asked *asked)
{
    bool now = strcmp(asked->page, "now") == 0 && !asked->item;
    bool study = strcmp(asked->page, "study") == 0 && asked->item;
    return strcmp(request->method, "GET") == 0 && asked->form == ASKED_JSON && asked->count == 0 &&
           (now || study);
}

static void digest_of(const char *token, size_t length, char ret_hex[2 * SHA256_SIZE + 1])
{
    uint8_t digest[SHA256_SIZE];
    sha256(token, length, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        (void)snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

bool fleet_token_is_shown(const struct config *config, const struct web_request *request,
                          const struct asked *asked)
{
    static const char scheme[] = "Bearer ";
    const char *header = web_request_header(request, "Authorization");
    char hex[2 * SHA256_SIZE + 1];
    if (!config->console.fleet_sha256 || !header || web_request_header_count(request, "Authorization") != 1 ||
        strncmp(header, scheme, sizeof scheme - 1) != 0 || !is_asked_by_fleet(request, asked))
        return false;
    const char *token = header + sizeof scheme - 1;
    size_t length = strlen(token);
    if (length == 0 || length > TOKEN_MAX)
        return false;
    digest_of(token, length, hex);
    return strcmp(hex, config->console.fleet_sha256) == 0; /* of digests: how far they agree tells nothing */
}
