/* pynetdicom - a Python that has it: tests/pynetdicom/run.sh installs one and names it in FELUCCA_PYNETDICOM. */
#ifndef FELUCCA_TESTS_PYNETDICOM_H
#define FELUCCA_TESTS_PYNETDICOM_H

/* The interpreter; NULL: none here has it. Borrowed for ever. */
const char *pynetdicom_python(void);

#endif
