#include "cli/condition_file.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/condition/explain_json.h"
#include "common/dicom/dictionary.h"

#include <fcntl.h>
#include <unistd.h>

static const char *known(const char *text)
{
    return *text ? text : NULL;
}

int condition_file_read(const char *path, struct condition_file *ret_file, struct text *ret_reason)
{
    int64_t offset;
    *ret_file = (struct condition_file){.path = path};
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && file_meta_read(fd, &ret_file->meta, &offset) == 0)
        ret_file->transfer = (struct header_transfer){
            known(ret_file->meta.calling_aet), known(ret_file->meta.called_aet),
            known(ret_file->meta.source_address), known(ret_file->meta.transfer_syntax)};
    return header_read(path, &ret_file->transfer, &ret_file->header, ret_reason);
}

int condition_file_read_open(int fd, const struct header_transfer *transfer, struct condition_file *ret_file,
                             struct text *ret_reason)
{
    *ret_file = (struct condition_file){.transfer = *transfer};
    return header_read_open(fd, &ret_file->transfer, &ret_file->header, ret_reason);
}

void condition_file_release(struct condition_file *file)
{
    header_destroy(&file->header);
}

struct explanation *condition_file_explain(struct condition_file *file, const struct condition *condition,
                                           const struct condition_options *options)
{
    return explain_create(condition, dictionary_for_conditions(), header_facts(file->header),
                          options->values);
}

/* The line at *index with everything deeper below it; *index is then the next one beside it. */
static json_t *line_json(const struct explanation *explanation, size_t *index)
{
    const struct explain_line *line = &explanation->lines[(*index)++];
    json_t *object = explain_json_line(line);
    json_t *parts = json_array();
    while (*index < explanation->line_count && explanation->lines[*index].depth > line->depth)
        json_array_append_new(parts, line_json(explanation, index));
    if (json_array_size(parts) > 0)
        json_object_set(object, "parts", parts);
    json_decref(parts);
    return object;
}

json_t *condition_explanation_json(const struct explanation *explanation)
{
    size_t index = 0;
    return line_json(explanation, &index);
}
