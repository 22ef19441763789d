#include "tests/support/pynetdicom.h"

#include "common/base/cleanup.h"
#include "tests/support/process.h"

#include <stdlib.h>

enum { PATIENCE_MS = 90000 };

const char *pynetdicom_python(void)
{
    const char *const candidates[] = {getenv("FELUCCA_PYNETDICOM"), "/usr/bin/python3"};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        AUTO(text_release) struct text output = TEXT_EMPTY;
        const char *const argv[] = {candidates[i], "-c", "import pynetdicom", NULL};
        if (candidates[i] && process_run(argv, NULL, PATIENCE_MS, &output) == 0)
            return candidates[i];
    }
    return NULL;
}
