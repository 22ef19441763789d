/* Crash points of the sender, one row each. */
#include "tests/support/crash_rows.h"

int main(void)
{
    return crash_rows_run("sender");
}
