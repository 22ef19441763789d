/* orthanc - a real Orthanc with its DICOMweb plugin (Debian's packages), started for a test.
 *
 * On free loopback ports, with a configuration and a database of its own in the sandbox. */
#ifndef FELUCCA_TESTS_ORTHANC_H
#define FELUCCA_TESTS_ORTHANC_H

#include "tests/support/process.h"
#include "tests/support/sandbox.h"

struct orthanc {
    struct process *process;  /* NULL while it is stopped */
    const char *config, *log; /* of the sandbox */
    int http_port, dicom_port;
    char stow_url[64]; /* http://127.0.0.1:PORT/dicom-web/studies */
};

/* name tells its files in the sandbox apart. It accepts DICOM and HTTP when this returns. */
struct orthanc *orthanc_start(struct sandbox *sandbox, const char *name);
/* The same with these lines of its configuration that say who may (ended by a comma). */
struct orthanc *orthanc_start_with(struct sandbox *sandbox, const char *name, const char *users);
void orthanc_destroy(struct orthanc **orthanc);

/* It comes back on the same ports with what it had. */
void orthanc_stop(struct orthanc *orthanc);
void orthanc_start_again(struct orthanc *orthanc);

#endif
