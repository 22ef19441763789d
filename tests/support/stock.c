#include "tests/support/stock.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/spool/file_meta.h"
#include "tests/support/files.h"
#include "tests/support/require.h"

#include <check.h>
#include <stdio.h>

enum { PIXEL_BYTES = 4096, HOUR_MS = 60 * 60 * 1000 };

void stock_put(struct spool *spool, const struct dicom_spec *spec, struct work_item *ret_item)
{
    ck_assert_int_eq(receipt_make(ret_item->receipt), 0);
    AUTO(memory_free) char *path = stock_path(spool, ret_item);
    ck_assert_int_eq(dicom_write(spec, path), 0);
    ret_item->size = file_size(path);
    (void)snprintf(ret_item->series, sizeof ret_item->series, "%s", spec->series_uid);
}

char *stock_receive(const char *folder, const struct dicom_spec *spec, const char *called_aet)
{
    static const unsigned char pixel_header[] = {0xe0, 0x7f, 0x10, 0x00, 'O',  'W',
                                                 0,    0,    0x00, 0x10, 0x00, 0x00};
    static const char pixels[PIXEL_BYTES];
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct text path = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    struct file_meta meta = {.calling_aet = "CT01", .source_address = "127.0.0.1"};
    (void)snprintf(meta.called_aet, sizeof meta.called_aet, "%s", called_aet);
    (void)snprintf(meta.sop_class, sizeof meta.sop_class, "%s", dicom_sop_class(spec));
    (void)snprintf(meta.sop_instance, sizeof meta.sop_instance, "%s", spec->sop_uid);
    (void)snprintf(meta.transfer_syntax, sizeof meta.transfer_syntax, "%s", dicom_transfer_syntax(spec));
    file_meta_encode(&meta, &file);
    dicom_append_head(spec, &file);
    text_append_bytes(&file, pixel_header, sizeof pixel_header);
    text_append_bytes(&file, pixels, sizeof pixels);
    require(receipt_make(receipt) == 0, "no receipt");
    if (strcmp(called_aet, "NOBODY") == 0) {
        char time[13];
        (void)snprintf(time, sizeof time, "%012llx", (unsigned long long)(receipt_time(receipt) - HOUR_MS));
        memcpy(receipt, time, 12);
    }
    text_format(&path, "%s/%s.dcm", folder, receipt);
    file_write(text_string(&path), file.bytes, file.length);
    return text_take(&path);
}

char *stock_path(struct spool *spool, const struct work_item *item)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(spool, SPOOL_QUEUE, item->receipt, &path);
    return text_take(&path);
}

struct work *stock_work(struct spool *spool, const char *destination, uint64_t seed, size_t count,
                        size_t series_count, uint64_t bytes)
{
    struct work *work = memory_new(1, sizeof *work);
    struct dicom_spec spec;
    dicom_spec_init(&spec, seed);
    dicom_shape(&spec, bytes);
    work->stage = WORK_SEND;
    work->destination = memory_string(destination);
    work->study = memory_string(spec.study_uid);
    work->items = memory_new(count, sizeof *work->items);
    work->item_count = count;
    for (size_t i = 0; i < count; i++) {
        unsigned series = (unsigned)(i % series_count) + 1;
        spec.series_number = (int)series;
        spec.instance_number = (int)i + 1;
        spec.seed = seed + i;
        dicom_uid(spec.series_uid, seed, series, 0);
        dicom_uid(spec.sop_uid, seed, series, (unsigned)i + 1);
        stock_put(spool, &spec, &work->items[i]);
        work->items[i].id = (int64_t)i + 1;
    }
    return work;
}
