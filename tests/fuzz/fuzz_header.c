/* Any bytes as a DICOM file: reading it and asking for whatever it may hold neither crashes nor stalls, a
 * text is only there where something is present, and no condition and its negation are true together. */
#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct condition_path paths[] = {
    {{0x00020010}, 1, ""},
    {{0x00080005}, 1, ""},
    {{0x00080060}, 1, ""},
    {{0x00081030}, 1, ""},
    {{0x00190010}, 1, ""},
    {{0x0019100C}, 1, ""},
    {{0x0019100C}, 1, "IS"},
    {{0x00280106}, 1, ""},
    {{0x00280106}, 1, "FD"},
    {{0x00400275}, 1, ""},
    {{0x00400275, 0x00400007}, 2, ""},
    {{0x00400275, 0x00400008, 0x00080100}, 3, ""},
    {{0x7FE00010}, 1, ""},
};

static void ask(const struct condition_facts *facts, const struct condition_path *path)
{
    size_t length = 0;
    double number = 0;
    bool is_present = facts->is_present(facts->context, path);
    bool has_text = facts->text(facts->context, path, 0, &length) != NULL;
    bool has_number = facts->number(facts->context, path, 0, &number);
    assert(is_present || path->vr[0] || (!has_text && !has_number));
    if (!is_present)
        (void)facts->unknown(facts->context, path, CONDITION_PRESENCE);
}

static void judge(struct header *header)
{
    static struct condition *conditions[2];
    struct condition_error error;
    const char *const texts[2] = {
        "tagIsPresent(#Tag.Modality) && tagValueContains(\"0040,0275/0040,0007\", \"A\")",
        "!(tagIsPresent(#Tag.Modality) && tagValueContains(\"0040,0275/0040,0007\", \"A\"))"};
    for (size_t i = 0; i < 2 && !conditions[i]; i++)
        if (condition_compile(texts[i], dictionary_for_conditions(), &conditions[i], &error) != 0)
            abort();
    assert(condition_judge(conditions[0], header_facts(header)) +
               condition_judge(conditions[1], header_facts(header)) ==
           CONDITION_TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(fd_close) int fd = memfd_create("dicom", 0);
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        abort();
    if (header_read(path, NULL, &header, &reason) != 0) {
        assert(reason.length > 0);
        return 0;
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        ask(header_facts(header), &paths[i]);
    judge(header);
    return 0;
}
