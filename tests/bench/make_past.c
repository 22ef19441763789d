/* make_past - a job database with a long past, for a browser or by hand.
 *
 *     make-past STATE_DIR WAITING FINISHED [--trouble]
 *
 * What past.h makes, in a folder that is there; with --trouble much of it has failed. */
#include "common/base/cleanup.h"
#include "tests/bench/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool has_trouble = argc == 5 && strcmp(argv[4], "--trouble") == 0;
    if (argc < 4 || argc > 5 || (argc == 5 && !has_trouble)) {
        (void)fprintf(stderr, "usage: make-past STATE_DIR WAITING FINISHED [--trouble]\n");
        return 2;
    }
    int code = past_make(argv[1], "http://127.0.0.1:9", atoll(argv[2]), atoll(argv[3]), &reason);
    if (code == 0 && has_trouble)
        code = past_trouble(argv[1], &reason);
    if (code != 0)
        (void)fprintf(stderr, "make-past: %s\n", text_string(&reason));
    return code == 0 ? 0 : 1;
}
