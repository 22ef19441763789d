/* Crash points of the router, one row each. */
#include "tests/support/crash_rows.h"

int main(void)
{
    return crash_rows_run("router");
}
