#include "tests/fuzz/witness.h"

#include "common/dicom/commitment.h"

#include <assert.h>
#include <string.h>

static enum association_verdict admit(void *context, const struct association_request *request,
                                      bool *ret_proved)
{
    struct witness *witness = context;
    text_format(&witness->account, "admit %s %s\n", request->called_aet, request->calling_aet);
    *ret_proved = false;
    return *request->called_aet == '!' ? ASSOCIATION_CALLED_UNKNOWN : ASSOCIATION_ADMITTED;
}

static bool takes_syntax(void *context, const char *uid)
{
    struct witness *witness = context;
    text_format(&witness->account, "syntax %s\n", uid);
    return strcmp(uid, "1.2.840.10008.1.2.2") != 0;
}

static enum association_wait wait_for_request(void *context)
{
    (void)context;
    return ASSOCIATION_INPUT;
}

static void progress(void *context)
{
    (void)context;
}

static void begin(void *context, const struct file_meta *meta)
{
    struct witness *witness = context;
    text_format(&witness->account, "begin %s %s %s %s %s %d\n", meta->sop_class, meta->sop_instance,
                meta->transfer_syntax, meta->calling_aet, meta->called_aet, (int)meta->priority);
}

static bool data(void *context, const void *bytes, size_t length)
{
    struct witness *witness = context;
    const uint8_t *found = length > 0 ? memmem(witness->input, witness->left, bytes, length) : witness->input;
    assert(found);
    witness->left -= (size_t)(found - witness->input) + length;
    witness->input = found + length;
    text_format(&witness->account, "data %zu\n", length);
    text_append_bytes(&witness->account, bytes, length);
    if (witness->useful == 0)
        return false;
    witness->useful--;
    return true;
}

static enum association_answer finish(void *context)
{
    struct witness *witness = context;
    text_append(&witness->account, "finish\n");
    return witness->answer;
}

static enum association_commitment commit(void *context, const void *bytes, size_t length,
                                          const char *transfer_syntax, const char **ret_comment)
{
    struct witness *witness = context;
    struct commitment commitment;
    const char *wrong = commitment_read(bytes, length, transfer_syntax, &commitment);
    text_format(&witness->account, "commit %zu %zu\n", length, commitment.count);
    commitment_release(&commitment);
    *ret_comment = wrong;
    return wrong ? ASSOCIATION_UNREADABLE : ASSOCIATION_ASKED;
}

static const struct work_report *report(void *context)
{
    (void)context;
    return NULL;
}

static void reported(void *context, uint16_t status)
{
    struct witness *witness = context;
    text_format(&witness->account, "reported %04x\n", (unsigned)status);
}

const struct association_handler witness_handler = {
    NULL, admit, takes_syntax, wait_for_request, progress, begin, data, finish, commit, report, reported};
