/* Durable first, then acknowledge: proved on the system calls of the real receiver, for every instance.
 *
 *     write …  fsync of the file  rename to .dcm  fsync of the folder  first byte of the C-STORE response
 *
 * Each must have ended, without an error, before the next one began. That the proof can fail is tested too:
 * with traces of the same run in which two calls changed places, or one failed. */
#include "tests/support/trace.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 3, INSTANCES = 8, SENDERS = 2, EXIT_MS = 30000, PDU_HEAD = 6, NONE = -1 };

static const char filter[] =
    "openat,write,writev,pwrite64,sendto,sendmsg,ftruncate,fallocate,fsync,fdatasync,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat";

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
    scene_set_up(&scene, NULL);
}

static void tear_down(void)
{
    scene_close(&scene);
}

/* ---- one instance in the trace ---- */

enum step { LAST_WRITE, FILE_SYNC, RENAME, FOLDER_SYNC, RESPONSE, STEPS };

static const char *const sentences[STEPS] = {
    "its file was not written before", "its file was not flushed after the last write",
    "its file did not get its name after that", "its folder was not flushed after that",
    "Success was said before that"};

struct proof {
    int64_t calls[STEPS]; /* indices, NONE: not found */
};

static bool is_write(const struct trace_call *call)
{
    static const char *const names[] = {"write", "writev", "pwrite64", "ftruncate", "fallocate"};
    for (size_t i = 0; i < ROWS(names); i++)
        if (strcmp(call->name, names[i]) == 0)
            return true;
    return false;
}

static bool is_sync(const struct trace_call *call)
{
    return strcmp(call->name, "fsync") == 0 || strcmp(call->name, "fdatasync") == 0;
}

static bool contains(const struct text *bytes, const char *string)
{
    return bytes->length > 0 && memmem(bytes->bytes, bytes->length, string, strlen(string));
}

/* "…/incoming/<receipt>.<boot>.part", with the name that it will have. */
static bool renames(const struct trace_call *call, const char *part)
{
    const char *name = strrchr(part, '/') + 1;
    AUTO(memory_free) char *stem = memory_string_n(name, strcspn(name, "."));
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    text_format(&goal, "%s.dcm", stem);
    return string_starts_with(call->name, "rename") && strcmp(text_string(&call->strings[0]), name) == 0 &&
           strcmp(text_string(&call->strings[1]), text_string(&goal)) == 0;
}

/* What is found of each step between the response and the file's first write, which holds the UID. */
static void find_steps(const struct trace *trace, const char *uid, int64_t response, struct proof *ret_proof)
{
    const struct trace_call *calls = trace->calls;
    long pid = calls[response].pid;
    const char *part = NULL;
    int64_t first = response;
    for (size_t i = 0; i < STEPS; i++)
        ret_proof->calls[i] = NONE;
    ret_proof->calls[RESPONSE] = response;
    while (--first >= 0 && !part)
        if (calls[first].pid == pid && is_write(&calls[first]) &&
            string_ends_with(calls[first].path, ".part") && contains(&calls[first].strings[0], uid))
            part = calls[first].path;
    if (!part)
        return;
    AUTO(memory_free) char *folder = memory_string_n(part, (size_t)(strrchr(part, '/') - part));
    for (size_t i = (size_t)first + 1; i < trace->count; i++) {
        const struct trace_call *call = &calls[i];
        int64_t *found = ret_proof->calls;
        if (call->pid != pid)
            continue;
        if (is_write(call) && strcmp(call->path, part) == 0)
            found[LAST_WRITE] = (int64_t)i;
        else if (found[FILE_SYNC] == NONE && is_sync(call) && strcmp(call->path, part) == 0)
            found[FILE_SYNC] = (int64_t)i;
        else if (found[RENAME] == NONE && renames(call, part))
            found[RENAME] = (int64_t)i;
        else if (found[RENAME] != NONE && found[FOLDER_SYNC] == NONE && is_sync(call) &&
                 strcmp(call->path, folder) == 0)
            found[FOLDER_SYNC] = (int64_t)i;
    }
}

/* NULL: proved; otherwise what is wrong. Each step but the writes has to have succeeded. */
static const char *judge(const struct trace *trace, const struct proof *proof)
{
    for (int step = 0; step < STEPS; step++) {
        if (proof->calls[step] == NONE || (step > LAST_WRITE && trace->calls[proof->calls[step]].result < 0))
            return sentences[step];
        if (step > 0 && trace->calls[proof->calls[step]].begin <= trace->calls[proof->calls[step - 1]].end)
            return sentences[step];
    }
    return NULL;
}

/* ---- the responses ---- */

/* What one process says on one connection, put together from its writes. */
struct stream {
    long pid;
    struct text bytes;
    int64_t begin; /* the call that wrote its first byte */
};

static uint32_t pdu_length(const struct text *bytes)
{
    uint32_t length = 0;
    for (int i = 2; i < PDU_HEAD; i++)
        length = length << 8 | (unsigned char)bytes->bytes[i];
    return length + PDU_HEAD;
}

/* The value of (0000,1000) in a command. */
static void response_uid(const struct text *pdu, char ret_uid[DICOM_UID_SIZE])
{
    static const char element[] = {0, 0, 0, 0x10};
    const char *found = memmem(pdu->bytes, pdu->length, element, sizeof element);
    ck_assert_ptr_nonnull(found);
    size_t length = (unsigned char)found[4];
    ck_assert(length < DICOM_UID_SIZE && found + 8 + length <= pdu->bytes + pdu->length);
    memcpy(ret_uid, found + 8, length);
    ret_uid[length] = '\0';
}

struct finding {
    size_t proved;
    const char *wrong;    /* the first sentence */
    struct proof example; /* of a proved instance in the middle */
};

static void take_pdu(const struct trace *trace, const struct stream *stream, struct finding *finding)
{
    static const char response[] = {0, 0, 0, 1, 2, 0, 0, 0, 1, (char)0x80}; /* (0000,0100) C-STORE-RSP */
    char uid[DICOM_UID_SIZE];
    struct proof proof;
    if (stream->bytes.bytes[0] != DUL_DATA ||
        !memmem(stream->bytes.bytes, stream->bytes.length, response, sizeof response) ||
        dul_status(&stream->bytes) != 0)
        return;
    response_uid(&stream->bytes, uid);
    find_steps(trace, uid, stream->begin, &proof);
    const char *wrong = judge(trace, &proof);
    if (!wrong && finding->proved++ == INSTANCES)
        finding->example = proof;
    if (wrong && !finding->wrong)
        finding->wrong = wrong;
}

static void take_write(const struct trace *trace, int64_t i, struct stream *stream, struct finding *finding)
{
    const struct trace_call *call = &trace->calls[i];
    if (stream->bytes.length == 0)
        stream->begin = i;
    text_append_bytes(&stream->bytes, call->strings[0].bytes, (size_t)call->result);
    while (stream->bytes.length >= PDU_HEAD && stream->bytes.length >= pdu_length(&stream->bytes)) {
        size_t length = pdu_length(&stream->bytes);
        struct text rest = TEXT_EMPTY;
        text_append_bytes(&rest, stream->bytes.bytes + length, stream->bytes.length - length);
        stream->bytes.length = length;
        take_pdu(trace, stream, finding);
        text_release(&stream->bytes);
        stream->bytes = rest;
        stream->begin = i;
    }
}

/* Goes through all that was said on the receiver's port. */
static void examine(const struct trace *trace, int port, struct finding *ret_finding)
{
    AUTO(text_release) struct text mark = TEXT_EMPTY;
    struct stream streams[SENDERS + 8] = {0};
    size_t count = 0;
    *ret_finding = (struct finding){0};
    text_format(&mark, "TCP:[127.0.0.1:%d->", port);
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_call *call = &trace->calls[i];
        if (!string_starts_with(call->path, text_string(&mark)) || call->result <= 0 ||
            (strcmp(call->name, "write") != 0 && strcmp(call->name, "sendto") != 0))
            continue;
        size_t k = 0;
        while (k < count && streams[k].pid != call->pid)
            k++;
        ck_assert(k < ROWS(streams));
        count += k == count;
        streams[k].pid = call->pid;
        take_write(trace, (int64_t)i, &streams[k], ret_finding);
    }
    for (size_t k = 0; k < count; k++)
        text_release(&streams[k].bytes);
}

/* ---- the run ---- */

static const char *trace_receiver(void)
{
    static const char *const quiet[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    const char *words[TRACE_WORDS], *file = sandbox_path(scene.sandbox, "receiver.trace");
    struct process *senders[SENDERS];
    trace_words(filter, file, words);
    pipeline_equip(scene.pipeline, PIPELINE_RECEIVER, quiet, words);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    for (unsigned i = 0; i < SENDERS; i++)
        senders[i] = scene_send_start(&scene, scene_study(&scene, i + 1, SERIES, INSTANCES, 40 << 10),
                                      sandbox_path(scene.sandbox, "storescu-%u.log", i));
    for (unsigned i = 0; i < SENDERS; i++) {
        pipeline_check(scene.pipeline, process_wait(senders[i], SCENE_PATIENCE_MS) == 0, "storescu failed");
        process_destroy(&senders[i]);
    }
    pipeline_stop_all(scene.pipeline);
    return file;
}

static void read_trace(const char *file, struct trace *ret_trace)
{
    long pid = process_pid(pipeline_process(scene.pipeline, PIPELINE_RECEIVER, 0));
    ck_assert_msg(trace_read(file, pid, EXIT_MS, ret_trace), "the trace is not complete");
}

static const struct doctored_row {
    const char *label;
    enum step first, second; /* change places; the same: it fails */
    const char *found;       /* NULL: another sentence is as good */
} doctored_rows[] = {
    {"flushed before the last write", LAST_WRITE, FILE_SYNC, "its file was not flushed after the last write"},
    {"named before it is flushed", FILE_SYNC, RENAME, "its file did not get its name after that"},
    {"folder flushed before the name", RENAME, FOLDER_SYNC, NULL},
    {"Success before the folder is flushed", FOLDER_SYNC, RESPONSE, NULL},
    {"Success before everything", LAST_WRITE, RESPONSE, NULL},
    {"the file's flush failed", FILE_SYNC, FILE_SYNC, "its file was not flushed after the last write"},
    {"the rename failed", RENAME, RENAME, "its file did not get its name after that"},
    {"the folder's flush failed", FOLDER_SYNC, FOLDER_SYNC, "its folder was not flushed after that"},
};

static void check_doctored(const char *file, const struct doctored_row *row)
{
    AUTO(trace_release) struct trace trace = TRACE_EMPTY;
    struct finding finding;
    int port = pipeline_port(scene.pipeline);
    read_trace(file, &trace);
    examine(&trace, port, &finding);
    const int64_t *calls = finding.example.calls;
    if (row->first == row->second)
        trace.calls[calls[row->first]].result = -1;
    else
        trace_swap(&trace, (size_t)calls[row->first], (size_t)calls[row->second]);
    examine(&trace, port, &finding);
    ck_assert_msg(finding.wrong, "%s: not noticed", row->label);
    ck_assert_msg(!row->found || strcmp(finding.wrong, row->found) == 0, "%s: %s", row->label, finding.wrong);
}

START_TEST(success_is_said_after_it_is_durable)
{
    AUTO(trace_release) struct trace trace = TRACE_EMPTY;
    struct finding finding;
    const char *file = trace_receiver();
    read_trace(file, &trace);
    examine(&trace, pipeline_port(scene.pipeline), &finding);
    ck_assert_msg(!finding.wrong, "%s", finding.wrong);
    ck_assert_uint_eq(finding.proved, SENDERS * SERIES * INSTANCES);
    for (size_t i = 0; i < ROWS(doctored_rows); i++)
        check_doctored(file, &doctored_rows[i]);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("durable_order");
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, success_is_said_after_it_is_durable);
    return tests_run(tests);
}
