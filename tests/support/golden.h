/* golden - output that is compared with a file, where what no two runs share is masked.
 *
 * With FELUCCA_GOLDEN=write in the environment the files are written instead: look at the difference before
 * you commit it. */
#ifndef FELUCCA_TESTS_GOLDEN_H
#define FELUCCA_TESTS_GOLDEN_H

#include "common/base/text.h"

/* Masks in output: folder (of the test) becomes FOLDER, "12 min" and the blanks before it become " DURATION",
 * sizes that are free become FREE, and the program's version VERSION. */
void golden_mask(const char *folder, struct text *output);

/* Compares with tests/golden/NAME.txt; a difference ends the test and shows both. */
void golden_check(const char *name, const struct text *output);

#endif
