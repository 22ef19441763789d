#include "tests/support/stock.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/files.h"

#include <check.h>
#include <stdio.h>

void stock_put(struct spool *spool, const struct dicom_spec *spec, struct work_item *ret_item)
{
    ck_assert_int_eq(receipt_make(ret_item->receipt), 0);
    AUTO(memory_free) char *path = stock_path(spool, ret_item);
    ck_assert_int_eq(dicom_write(spec, path), 0);
    ret_item->size = file_size(path);
    (void)snprintf(ret_item->series, sizeof ret_item->series, "%s", spec->series_uid);
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
