#include "sender/multipart.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOUNDARY_DIGITS = 32 };

/* What is sent, in order: for each item its head, then its data set; then the closing delimiter. */
struct multipart {
    const struct batch *batch;
    char boundary[sizeof "felucca-" + BOUNDARY_DIGITS];
    struct text content_type;
    struct text heads; /* all heads, one after the other, the closing delimiter at the end */
    size_t *head_ends; /* of each item in heads */
    int64_t size;
    /* Where reading is. */
    size_t item;        /* batch->count: at the closing delimiter */
    size_t head_offset; /* in heads */
    int64_t data_done;  /* bytes of the item's data set */
    const struct batch_item *failed;
};

static void append_head(struct multipart *multipart, const struct batch_item *item, bool first)
{
    struct file_meta bare = {0};
    memcpy(bare.sop_class, item->meta.sop_class, sizeof bare.sop_class);
    memcpy(bare.sop_instance, item->meta.sop_instance, sizeof bare.sop_instance);
    memcpy(bare.transfer_syntax, item->meta.transfer_syntax, sizeof bare.transfer_syntax);
    text_format(&multipart->heads, "%s--%s\r\nContent-Type: application/dicom\r\n\r\n", first ? "" : "\r\n",
                multipart->boundary);
    file_meta_encode(&bare, &multipart->heads);
}

static void lay_out(struct multipart *multipart)
{
    const struct batch *batch = multipart->batch;
    multipart->head_ends = memory_new(batch->count + 1, sizeof *multipart->head_ends);
    for (size_t i = 0; i < batch->count; i++) {
        append_head(multipart, &batch->items[i], i == 0);
        multipart->head_ends[i] = multipart->heads.length;
        multipart->size += batch->items[i].data_size;
    }
    text_format(&multipart->heads, "\r\n--%s--\r\n", multipart->boundary);
    multipart->head_ends[batch->count] = multipart->heads.length;
    multipart->size += (int64_t)multipart->heads.length;
}

int multipart_create(const struct batch *batch, struct multipart **ret_multipart)
{
    char digits[BOUNDARY_DIGITS + 1];
    if (random_hex(digits, BOUNDARY_DIGITS) != 0)
        return ERR_IO;
    struct multipart *multipart = memory_new(1, sizeof *multipart);
    multipart->batch = batch;
    (void)snprintf(multipart->boundary, sizeof multipart->boundary, "felucca-%s", digits);
    text_format(&multipart->content_type, "multipart/related; type=\"application/dicom\"; boundary=%s",
                multipart->boundary);
    lay_out(multipart);
    *ret_multipart = multipart;
    return 0;
}

void multipart_destroy(struct multipart **multipart)
{
    if (!*multipart)
        return;
    text_release(&(*multipart)->content_type);
    text_release(&(*multipart)->heads);
    free((*multipart)->head_ends);
    free(*multipart);
    *multipart = NULL;
}

int64_t multipart_size(const struct multipart *multipart)
{
    return multipart->size;
}

const char *multipart_content_type(const struct multipart *multipart)
{
    return text_string(&multipart->content_type);
}

static size_t read_head(struct multipart *multipart, char *buffer, size_t capacity)
{
    size_t left = multipart->head_ends[multipart->item] - multipart->head_offset;
    size_t length = left < capacity ? left : capacity;
    memcpy(buffer, multipart->heads.bytes + multipart->head_offset, length);
    multipart->head_offset += length;
    return length;
}

static ssize_t read_data(struct multipart *multipart, char *buffer, size_t capacity)
{
    const struct batch_item *item = &multipart->batch->items[multipart->item];
    int64_t left = item->data_size - multipart->data_done;
    size_t wanted = left < (int64_t)capacity ? (size_t)left : capacity;
    ssize_t got;
    do
        got = pread(item->fd, buffer, wanted, item->data_offset + multipart->data_done);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        multipart->failed = item;
        return -1;
    }
    multipart->data_done += got;
    return got;
}

static bool data_is_left(const struct multipart *multipart)
{
    return multipart->item < multipart->batch->count &&
           multipart->data_done < multipart->batch->items[multipart->item].data_size;
}

ssize_t multipart_read(struct multipart *multipart, char *buffer, size_t capacity)
{
    size_t filled = 0;
    while (filled < capacity) {
        if (multipart->head_offset < multipart->head_ends[multipart->item]) {
            filled += read_head(multipart, buffer + filled, capacity - filled);
        } else if (data_is_left(multipart)) {
            ssize_t got = read_data(multipart, buffer + filled, capacity - filled);
            if (got < 0)
                return got;
            filled += (size_t)got;
        } else if (multipart->item < multipart->batch->count) {
            multipart->item++;
            multipart->data_done = 0;
        } else {
            break;
        }
    }
    return (ssize_t)filled;
}

void multipart_rewind(struct multipart *multipart)
{
    multipart->item = 0;
    multipart->head_offset = 0;
    multipart->data_done = 0;
    multipart->failed = NULL;
}

const struct batch_item *multipart_failed(const struct multipart *multipart)
{
    return multipart->failed;
}

static ssize_t source_read(void *context, char *buffer, size_t capacity)
{
    return multipart_read(context, buffer, capacity);
}

static bool source_rewind(void *context)
{
    multipart_rewind(context);
    return true;
}

struct http_source multipart_source(struct multipart *multipart)
{
    return (struct http_source){
        .context = multipart, .size = multipart->size, .read = source_read, .rewind = source_rewind};
}
