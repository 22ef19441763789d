#include "cli/confirm.h"

#include "common/service/service.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int confirm(const char *command, const char *verb, int64_t count, const char *noun)
{
    char answer[16] = "";
    const char *plural = count == 1 ? "" : "s";
    if (!isatty(STDIN_FILENO)) {
        (void)fprintf(stderr,
                      "felucca %s: this would %s %lld %s%s, and there is no terminal to ask on: say --yes\n",
                      command, verb, (long long)count, noun, plural);
        return EXIT_USAGE;
    }
    (void)fprintf(stderr, "%s %lld %s%s? [y/N] ", verb, (long long)count, noun, plural);
    if (fgets(answer, sizeof answer, stdin))
        answer[strcspn(answer, "\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return EXIT_OK;
    (void)fputs("nothing was changed\n", stderr);
    return EXIT_NO;
}
