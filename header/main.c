/* felucca-header - reads headers for the router, so that no file can harm more than this process. */
#include "common/base/cleanup.h"
#include "header/calls.h"
#include "header/limits.h"
#include "header/options.h"
#include "header/serve.h"

#include <stdbool.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int code;
    bool sandbox;
    if (options_end(argc, argv, STDIN_FILENO, &sandbox, &code)) /* --help, or nobody asks */
        return code;
    limits_set();
    if (sandbox)
        calls_limit();
    return serve(STDIN_FILENO) == 0 ? 0 : 1; /* until the router is gone */
}
