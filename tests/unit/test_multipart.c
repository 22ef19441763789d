#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "sender/batch.h"
#include "sender/multipart.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INSTANCES = 3, FILE_BYTES = 40000 };

/* A spool with INSTANCES files as a receiver writes them, in queue/ but the last, which is in incoming/. */
static struct sandbox *sandbox;
static struct spool *spool;
static struct work_item items[INSTANCES];
static struct work work;
static struct text data_sets[INSTANCES];

static void make_instance(size_t n)
{
    struct dicom_spec spec;
    int fd = -1;
    struct file_meta meta = {
        .calling_aet = "SECRET_CT01", .called_aet = "FELUCCA", .source_address = "10.1.2.3"};
    AUTO(text_release) struct text head = TEXT_EMPTY;
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "instance-%zu.dcm", n);
    dicom_spec_init(&spec, n + 1);
    dicom_shape(&spec, FILE_BYTES + 1000 * n);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    file_read(path, &whole);
    int64_t offset = file_data_set_offset(path);
    text_append_bytes(&data_sets[n], whole.bytes + offset, whole.length - (size_t)offset);
    (void)snprintf(meta.sop_class, sizeof meta.sop_class, "%s", dicom_sop_class(&spec));
    (void)snprintf(meta.sop_instance, sizeof meta.sop_instance, "%s", spec.sop_uid);
    (void)snprintf(meta.transfer_syntax, sizeof meta.transfer_syntax, "%s", dicom_transfer_syntax(&spec));
    file_meta_encode(&meta, &head);
    ck_assert_int_eq(spool_create_partial(spool, items[n].receipt, &fd), 0);
    ck_assert_int_eq(write(fd, head.bytes, head.length), (ssize_t)head.length);
    ck_assert_int_eq(write(fd, data_sets[n].bytes, data_sets[n].length), (ssize_t)data_sets[n].length);
    fd_close(&fd);
    ck_assert_int_eq(spool_commit_partial(spool, items[n].receipt), 0);
    if (n + 1 < INSTANCES)
        ck_assert_int_eq(spool_move(spool, items[n].receipt, SPOOL_INCOMING, SPOOL_QUEUE), 0);
    items[n].id = (int64_t)n + 1;
    items[n].size = (int64_t)(head.length + data_sets[n].length);
}

static void setup(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
    for (size_t i = 0; i < INSTANCES; i++)
        make_instance(i);
    work = (struct work){.id = "work-1",
                         .destination = (char *)"kheops",
                         .study = (char *)"1.2",
                         .items = items,
                         .item_count = INSTANCES};
}

static void teardown(void)
{
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
    for (size_t i = 0; i < INSTANCES; i++)
        text_release(&data_sets[i]);
}

static const char *path_of(size_t item, enum spool_place place)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(spool, place, items[item].receipt, &path);
    return sandbox_path(sandbox, "state/%s", strstr(text_string(&path), "spool/"));
}

/* Reads all in pieces of at most capacity bytes. */
static void read_all(struct multipart *multipart, size_t capacity, struct text *out)
{
    AUTO(memory_free) char *buffer = memory_new(capacity, 1);
    ssize_t got;
    while ((got = multipart_read(multipart, buffer, capacity)) > 0)
        text_append_bytes(out, buffer, (size_t)got);
    ck_assert_int_eq(got, 0);
}

static const char *boundary_of(const struct multipart *multipart)
{
    const char *type = multipart_content_type(multipart);
    ck_assert(string_starts_with(type, "multipart/related; type=\"application/dicom\"; boundary="));
    return strstr(type, "boundary=") + strlen("boundary=");
}

/* One part: delimiter, header, a file meta header without anything of the house in it, the data set. Returns
 * where the next one begins. */
static size_t check_part(const struct text *body, size_t at, const char *boundary, size_t n)
{
    AUTO(text_release) struct text head = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "part-%zu.dcm", n);
    text_format(&head, "%s--%s\r\nContent-Type: application/dicom\r\n\r\n", n == 0 ? "" : "\r\n", boundary);
    ck_assert_uint_gt(body->length, at + head.length);
    ck_assert_int_eq(memcmp(body->bytes + at, head.bytes, head.length), 0);
    at += head.length;
    file_write(path, body->bytes + at, body->length - at);
    struct file_meta meta;
    int64_t offset;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(file_meta_read(fd, &meta, &offset), 0);
    ck_assert_str_eq(meta.calling_aet, "");
    ck_assert_str_eq(meta.called_aet, "");
    ck_assert_str_eq(meta.source_address, "");
    ck_assert_ptr_null(memmem(body->bytes + at, (size_t)offset, "SECRET_CT01", 11));
    at += (size_t)offset;
    ck_assert_uint_gt(body->length, at + data_sets[n].length);
    ck_assert_int_eq(memcmp(body->bytes + at, data_sets[n].bytes, data_sets[n].length), 0);
    return at + data_sets[n].length;
}

static const size_t capacities[] = {1, 7, 333, 4096, 65536, 1 << 20};

START_TEST(the_body_is_what_it_should_be)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(&work);
    AUTO(batch_destroy) struct batch *batch = NULL;
    AUTO(multipart_destroy) struct multipart *multipart = NULL;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text again = TEXT_EMPTY;
    AUTO(text_release) struct text end = TEXT_EMPTY;
    size_t at = 0;
    batch_open(spool, &work, result, &batch);
    ck_assert_uint_eq(batch->count, INSTANCES);
    ck_assert_int_eq(multipart_create(batch, &multipart), 0);
    read_all(multipart, capacities[_i], &body);
    ck_assert_int_eq((int64_t)body.length, multipart_size(multipart));
    for (size_t n = 0; n < INSTANCES; n++)
        at = check_part(&body, at, boundary_of(multipart), n);
    text_format(&end, "\r\n--%s--\r\n", boundary_of(multipart));
    ck_assert_str_eq(body.bytes + at, text_string(&end));
    multipart_rewind(multipart);
    read_all(multipart, 10000, &again);
    ck_assert_uint_eq(again.length, body.length);
    ck_assert_int_eq(memcmp(again.bytes, body.bytes, body.length), 0);
}
END_TEST

START_TEST(boundaries_are_long_and_differ)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(&work);
    AUTO(batch_destroy) struct batch *batch = NULL;
    AUTO(multipart_destroy) struct multipart *a = NULL;
    AUTO(multipart_destroy) struct multipart *b = NULL;
    batch_open(spool, &work, result, &batch);
    ck_assert_int_eq(multipart_create(batch, &a), 0);
    ck_assert_int_eq(multipart_create(batch, &b), 0);
    ck_assert_str_ne(boundary_of(a), boundary_of(b));
    ck_assert_uint_ge(strlen(boundary_of(a)), 32);
    ck_assert_uint_le(strlen(boundary_of(a)), 70);
}
END_TEST

/* ---- files that do not fit ---- */

static void remove_it(void)
{
    ck_assert_int_eq(unlink(path_of(1, SPOOL_QUEUE)), 0);
}

static void cut_it(void)
{
    ck_assert_int_eq(truncate(path_of(1, SPOOL_QUEUE), items[1].size - 1), 0);
}

static void lengthen_it(void)
{
    ck_assert_int_eq(truncate(path_of(1, SPOOL_QUEUE), items[1].size + 1), 0);
}

static void damage_it(void)
{
    AUTO(memory_free) char *zeros = memory_new((size_t)items[1].size, 1);
    file_write(path_of(1, SPOOL_QUEUE), zeros, (size_t)items[1].size);
}

static void make_it_a_folder(void)
{
    remove_it();
    folder_make(path_of(1, SPOOL_QUEUE));
}

static void quarantine_it(void)
{
    ck_assert_int_eq(spool_move(spool, items[1].receipt, SPOOL_QUEUE, SPOOL_QUARANTINE), 0);
}

static const struct misfit_row {
    const char *label;
    void (*spoil)(void);
    const char *says;
} misfit_rows[] = {
    {"not there", remove_it, "neither in queue/ nor in incoming/"},
    {"shorter", cut_it, "were received"},
    {"longer", lengthen_it, "were received"},
    {"not DICOM", damage_it, "head of its spool file"},
    {"a folder", make_it_a_folder, "spool file"},
    {"elsewhere", quarantine_it, "neither in queue/ nor in incoming/"},
};

START_TEST(a_misfit_is_answered_and_the_rest_goes_on)
{
    const struct misfit_row *row = &misfit_rows[_i];
    AUTO(work_result_destroy) struct work_result *result = work_result_create(&work);
    AUTO(batch_destroy) struct batch *batch = NULL;
    row->spoil();
    batch_open(spool, &work, result, &batch);
    ck_assert_msg(batch->count == INSTANCES - 1, "%s", row->label);
    ck_assert_uint_eq(batch->items[0].index, 0);
    ck_assert_uint_eq(batch->items[1].index, 2);
    ck_assert_int_eq(result->answers[1].outcome, WORK_MISSING_OUTCOME);
    ck_assert_msg(strstr(result->answers[1].reason, row->says), "%s: %s", row->label,
                  result->answers[1].reason);
    ck_assert_int_eq(result->answers[0].outcome, WORK_RETRY_OUTCOME);
    ck_assert_ptr_eq(batch_find(batch, batch->items[1].meta.sop_instance), &batch->items[1]);
    ck_assert_ptr_null(batch_find(batch, "1.2.3"));
}
END_TEST

START_TEST(a_file_that_shrinks_fails_alone)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(&work);
    AUTO(batch_destroy) struct batch *batch = NULL;
    AUTO(multipart_destroy) struct multipart *multipart = NULL;
    char buffer[5000];
    ssize_t got;
    batch_open(spool, &work, result, &batch);
    ck_assert_int_eq(multipart_create(batch, &multipart), 0);
    cut_it();
    while ((got = multipart_read(multipart, buffer, sizeof buffer)) > 0)
        ck_assert_ptr_null(multipart_failed(multipart));
    ck_assert_int_lt(got, 0);
    ck_assert_ptr_eq(multipart_failed(multipart), &batch->items[1]);
}
END_TEST

/* What another process does to the names of the files does not matter any more. */
START_TEST(open_files_stay)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(&work);
    AUTO(batch_destroy) struct batch *batch = NULL;
    AUTO(multipart_destroy) struct multipart *multipart = NULL;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    batch_open(spool, &work, result, &batch);
    ck_assert_int_eq(multipart_create(batch, &multipart), 0);
    remove_it();
    read_all(multipart, 65536, &body);
    ck_assert_int_eq((int64_t)body.length, multipart_size(multipart));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("multipart");
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, the_body_is_what_it_should_be, ROWS(capacities));
    tests_add(tests, boundaries_are_long_and_differ);
    tests_rows(tests, a_misfit_is_answered_and_the_rest_goes_on, ROWS(misfit_rows));
    tests_add(tests, a_file_that_shrinks_fails_alone);
    tests_add(tests, open_files_stay);
    return tests_run(tests);
}
