#include "tests/support/varied.h"

#include "common/base/cleanup.h"
#include "tests/support/require.h"

const struct dicom_element varied_poison = {0x0020, 0x4000, "LT", "\nget /plan HTTP/1.1\n ", 0, NULL, 0};

void varied_send(struct pipeline *pipeline, struct sandbox *sandbox, const struct varied *study,
                 int64_t limit_ms)
{
    struct dicom_spec base;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)study->seed);
    dicom_spec_init(&base, study->seed);
    dicom_shape(&base, study->bytes);
    require(dicom_write_study(&base, study->seed, 1, study->instances, folder, study->vary, NULL) == 0,
            "%s: cannot be written", folder);
    int status = pipeline_storescu(pipeline_port(pipeline), study->called_aet, folder, limit_ms, &output);
    pipeline_check(pipeline, status == 0, text_string(&output));
}

void varied_poison_one(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)series;
    spec->extra = instance == 7 ? &varied_poison : NULL;
    spec->extra_count = instance == 7;
}
