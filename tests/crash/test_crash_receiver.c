/* Crash points of the receiver, its helper and its associations, one row each. */
#include "tests/support/crash_rows.h"

int main(void)
{
    return crash_rows_run("association helper receiver");
}
