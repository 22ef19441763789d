/* Any bytes as a server's answer about an instance: what is made of it is a header that readers can read. */
#include "common/base/cleanup.h"
#include "common/dicom/header.h"
#include "common/dicom/kept.h"
#include "common/dicom/metadata.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct metadata_wanted wanted = {"1.2", "1.2.3", "1.2.3.4"};
    AUTO(text_release) struct text json = TEXT_EMPTY;
    AUTO(text_release) struct text kept = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(header_destroy) struct header *header = NULL;
    int fd = -1;
    /* What the answer is about is there: the bytes are the rest of the instance. */
    text_append(&json,
                "[{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]},\"0020000E\":{\"vr\":\"UI\",\"Value\":"
                "[\"1.2.3\"]},\"00080018\":{\"vr\":\"UI\",\"Value\":[\"1.2.3.4\"]},");
    text_append_bytes(&json, bytes, length);
    text_append(&json, "}]");
    if (metadata_read(json.bytes, json.length, &wanted, &kept, &reason) != 0) {
        assert(reason.length > 0 && kept.length == 0);
        return 0;
    }
    assert(reason.length == 0 && kept_open(kept.bytes, kept.length, &fd) == 0);
    assert(header_read_open(fd, NULL, &header, &reason) == 0 && !header_incomplete(header));
    return 0;
}
