#include "tests/support/orthanc.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <stdlib.h>

enum { START_MS = 60000, END_MS = 20000 };

static const char configuration[] =
    "{ \"Name\": \"test\", \"StorageDirectory\": \"%s\", \"IndexDirectory\": \"%s\",\n"
    "  \"Plugins\": [\"/usr/share/orthanc/plugins/libOrthancDicomWeb.so\"],\n"
    "  \"HttpPort\": %d, \"DicomPort\": %d, \"DicomAet\": \"ORTHANC\",\n"
    "  \"RemoteAccessAllowed\": false, %s\n"
    "  \"OverwriteInstances\": true, \"DicomAlwaysAllowStore\": true,\n"
    "  \"UnknownSopClassAccepted\": true, \"ConcurrentJobs\": 4,\n"
    "  \"DicomWeb\": { \"Enable\": true, \"Root\": \"/dicom-web/\" } }\n";

void orthanc_start_again(struct orthanc *orthanc)
{
    const char *const argv[] = {"Orthanc", orthanc->config, NULL};
    const struct process_options options = {.output = orthanc->log};
    orthanc->process = process_start(argv, &options);
    require(port_wait(orthanc->http_port, START_MS) && port_wait(orthanc->dicom_port, START_MS),
            "Orthanc does not start: see %s", orthanc->log);
}

struct orthanc *orthanc_start(struct sandbox *sandbox, const char *name)
{
    return orthanc_start_with(sandbox, name, "\"AuthenticationEnabled\": false,");
}

struct orthanc *orthanc_start_with(struct sandbox *sandbox, const char *name, const char *users)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct orthanc *orthanc = memory_new(1, sizeof *orthanc);
    orthanc->http_port = port_free();
    orthanc->dicom_port = port_free();
    const char *database = sandbox_make_folder(sandbox, "%s.db", name);
    text_format(&text, configuration, database, database, orthanc->http_port, orthanc->dicom_port, users);
    text_format(&file, "%s.json", name);
    orthanc->config = sandbox_write(sandbox, text_string(&file), text_string(&text));
    orthanc->log = sandbox_path(sandbox, "%s.log", name);
    (void)snprintf(orthanc->stow_url, sizeof orthanc->stow_url, "http://127.0.0.1:%d/dicom-web/studies",
                   orthanc->http_port);
    orthanc_start_again(orthanc);
    return orthanc;
}

void orthanc_stop(struct orthanc *orthanc)
{
    if (orthanc->process)
        (void)process_end(orthanc->process, END_MS);
    process_destroy(&orthanc->process);
}

void orthanc_destroy(struct orthanc **orthanc)
{
    if (!*orthanc)
        return;
    orthanc_stop(*orthanc);
    free(*orthanc);
    *orthanc = NULL;
}
