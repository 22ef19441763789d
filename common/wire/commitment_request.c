#include "common/wire/commitment_request.h"

#include "common/base/err.h"
#include "common/dicom/uid.h"

#include <stdlib.h>
#include <string.h>

#define FIRST "felucca commitment\t1"

void commitment_request_encode(const struct commitment_request *request, struct text *out)
{
    const struct commitment *commitment = &request->commitment;
    text_format(out, FIRST "\ncalling\t%s\ncalled\t%s\naddress\t%s\ntransaction\t%s\n", request->calling,
                request->called, request->address, commitment->transaction);
    for (size_t i = 0; i < commitment->count; i++)
        text_format(out, "instance\t%s\t%s\n", commitment->references[i].sop_class,
                    commitment->references[i].sop_instance);
    text_format(out, "end\t%zu\n", commitment->count);
}

/* What is left of the file. */
struct lines {
    const char *at;
    size_t length;
};

/* The rest of the next line when it begins with word and a tab; word NULL: the whole line. */
static bool next_line(struct lines *lines, const char *word, const char **ret_value, size_t *ret_length)
{
    const char *end = memchr(lines->at, '\n', lines->length);
    size_t length = end ? (size_t)(end - lines->at) : 0, skip = word ? strlen(word) + 1 : 0;
    if (!end || memchr(lines->at, '\0', length) || length < skip ||
        (word && (memcmp(lines->at, word, skip - 1) != 0 || lines->at[skip - 1] != '\t')))
        return false;
    *ret_value = lines->at + skip;
    *ret_length = length - skip;
    lines->at += length + 1;
    lines->length -= length + 1;
    return true;
}

static bool copy(const char *value, size_t length, size_t size, char *ret_buffer)
{
    if (length == 0 || length >= size)
        return false;
    memcpy(ret_buffer, value, length);
    ret_buffer[length] = '\0';
    return true;
}

static bool take(struct lines *lines, const char *word, size_t size, char *ret_buffer)
{
    const char *value;
    size_t length;
    return next_line(lines, word, &value, &length) && copy(value, length, size, ret_buffer);
}

static bool take_instance(struct lines *lines, struct commitment *commitment)
{
    const char *value;
    size_t length;
    if (commitment->count == COMMITMENT_REFERENCES_MOST || !next_line(lines, "instance", &value, &length))
        return false;
    const char *tab = memchr(value, '\t', length);
    if (!tab)
        return false;
    struct commitment_reference *reference = commitment_add(commitment);
    size_t of_class = (size_t)(tab - value);
    return copy(value, of_class, sizeof reference->sop_class, reference->sop_class) &&
           copy(tab + 1, length - of_class - 1, sizeof reference->sop_instance, reference->sop_instance) &&
           uid_is_printable(reference->sop_class) && uid_is_printable(reference->sop_instance);
}

static bool is_end(struct lines *lines, size_t count)
{
    char end[24], *rest;
    return take(lines, "end", sizeof end, end) && strtoull(end, &rest, 10) == count && *rest == '\0' &&
           lines->length == 0 && count > 0;
}

/* As a title of the configuration has to be, and an address is written. */
static bool are_parties_plain(const struct commitment_request *request)
{
    return uid_is_printable(request->calling) && uid_is_printable(request->called) &&
           uid_is_printable(request->address) && !strchr(request->address, ' ');
}

int commitment_request_decode(const char *bytes, size_t length, struct commitment_request *ret_request)
{
    struct lines lines = {bytes, length};
    struct commitment_request *request = ret_request;
    const char *first;
    size_t first_length;
    *request = (struct commitment_request){.calling = ""};
    if (length == 0 || !next_line(&lines, NULL, &first, &first_length) || first_length != strlen(FIRST) ||
        memcmp(first, FIRST, first_length) != 0 ||
        !take(&lines, "calling", sizeof request->calling, request->calling) ||
        !take(&lines, "called", sizeof request->called, request->called) ||
        !take(&lines, "address", sizeof request->address, request->address) ||
        !take(&lines, "transaction", sizeof request->commitment.transaction,
              request->commitment.transaction) ||
        !are_parties_plain(request) || !uid_is_printable(request->commitment.transaction))
        return ERR_SYNTAX;
    while (lines.length > 0 && *lines.at == 'i')
        if (!take_instance(&lines, &request->commitment))
            return ERR_SYNTAX;
    return is_end(&lines, request->commitment.count) ? 0 : ERR_SYNTAX;
}

void commitment_request_release(struct commitment_request *request)
{
    commitment_release(&request->commitment);
}
