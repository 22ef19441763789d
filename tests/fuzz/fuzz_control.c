/* Messages of the control socket: Q and a request, or any other letter and an answer. What is read can be written
 * and read again as the same, and what is refused has a sentence. */
#include "common/base/cleanup.h"
#include "common/wire/control.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ck_same(const struct text *once, const struct text *twice)
{
    assert(once->length == twice->length && memcmp(once->bytes, twice->bytes, once->length) == 0);
}

static void read_request(const char *json, size_t length)
{
    AUTO(control_request_release) struct control_request request;
    AUTO(control_request_release) struct control_request again = {.verb = CONTROL_HOLD};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text once = TEXT_EMPTY;
    AUTO(text_release) struct text twice = TEXT_EMPTY;
    if (control_request_decode(json, length, &request, &reason) != 0) {
        assert(reason.length > 0 && strlen(request.id) < CONTROL_ID_SIZE);
        return;
    }
    (void)control_request_surplus(&request);
    control_request_encode(&request, &once);
    assert(control_request_decode(text_string(&once), once.length, &again, &reason) == 0);
    control_request_encode(&again, &twice);
    ck_same(&once, &twice);
}

static void read_answer(const char *json, size_t length)
{
    AUTO(control_answer_release) struct control_answer answer;
    AUTO(control_answer_release) struct control_answer again = {.stage = CONTROL_DONE};
    AUTO(text_release) struct text once = TEXT_EMPTY;
    AUTO(text_release) struct text twice = TEXT_EMPTY;
    if (control_answer_decode(json, length, &answer) != 0)
        return;
    assert(answer.note_count <= CONTROL_NOTES_MAX + 1);
    control_answer_encode(&answer, &once);
    assert(control_answer_decode(text_string(&once), once.length, &again) == 0);
    control_answer_encode(&again, &twice);
    ck_same(&once, &twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    if (bytes[0] == 'Q')
        read_request((const char *)bytes + 1, length - 1);
    else
        read_answer((const char *)bytes + 1, length - 1);
    return 0;
}
