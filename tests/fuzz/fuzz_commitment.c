/* Any bytes as the data set of a request for storage commitment, behind a byte that says its transfer syntax. What is read
 * is bounded, and goes through the file that the router reads unchanged; any bytes as such a file are ours or refused. */
#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/dicom/commitment.h"
#include "common/dicom/uid.h"
#include "common/wire/commitment_request.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_file(struct commitment_request *request)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text again = TEXT_EMPTY;
    AUTO(commitment_request_release) struct commitment_request read;
    memcpy(request->calling, "CT01", 5);
    memcpy(request->called, "FELUCCA", 8);
    memcpy(request->address, "::1", 4);
    commitment_request_encode(request, &file);
    assert(commitment_request_decode(file.bytes, file.length, &read) == 0);
    commitment_request_encode(&read, &again);
    assert(file.length == again.length && memcmp(file.bytes, again.bytes, file.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(commitment_request_release) struct commitment_request request = {.calling = ""};
    AUTO(commitment_request_release) struct commitment_request read = {.calling = ""};
    if (length == 0)
        return 0;
    (void)commitment_request_decode((const char *)bytes + 1, length - 1, &read);
    const char *syntax = *bytes & 1 ? "1.2.840.10008.1.2" : "1.2.840.10008.1.2.1";
    const char *wrong = commitment_read(bytes + 1, length - 1, syntax, &request.commitment);
    assert(request.commitment.count <= COMMITMENT_REFERENCES_MOST && request.commitment.count <= length / 8);
    if (wrong)
        return 0;
    assert(request.commitment.count > 0 && uid_is_printable(request.commitment.transaction));
    check_file(&request);
    return 0;
}
