#include "tests/kheops-sim/stow.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/kheops-sim/admission.h"
#include "tests/kheops-sim/multipart.h"
#include "tests/kheops-sim/work_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Beside an item's place in the answer: what is needed to store it. */
struct staged {
    struct series *series;
    char transfer_syntax[HEAD_UID_SIZE];
    uint64_t size, digest;
    char *file; /* being written; NULL: none */
    bool store, list;
};

struct stow {
    struct sim *sim;
    struct call *call; /* NULL: detached */
    struct token *token;
    struct album *album;
    enum answer_form form;
    struct multipart *multipart; /* NULL: the body is one instance */
    struct admission *admission;
    const char *error; /* the recorded answer that the whole request gets; NULL: none */
    bool committed;
    struct work_set work;
    uint64_t received;
    struct stored_item *items;
    struct staged *staged; /* one for each item */
    size_t count, capacity, staged_capacity;
    unsigned unnamed;
    /* the part that is coming */
    struct head_reader *reader;
    bool ruled, unreadable;
    struct ruling ruling;
    uint64_t size;
    int fd;
    char *file;
};

/* ---- parts ---- */

static int part_begin(void *context, const char *content_type)
{
    struct stow *s = context;
    if (!content_type) {
        s->error = "stow: a part without Content-Type";
        return ERR_SYNTAX;
    }
    s->reader = head_reader_create();
    s->ruled = false;
    s->unreadable = strncasecmp(content_type, "application/dicom", 17) != 0;
    s->size = 0;
    if (s->sim->store) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s/.part-%llu", s->sim->store,
                    (unsigned long long)atomic_fetch_add(&s->sim->next_part, 1));
        s->file = text_take(&path);
        s->fd = open(s->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    }
    return 0;
}

static void take_head_state(struct stow *s, enum head_state state)
{
    if (state == HEAD_BROKEN) {
        s->unreadable = true;
    } else if (state == HEAD_KNOWN && !s->ruled) {
        const char *sop = head_reader_head(s->reader)->sop_instance;
        s->ruled = true;
        model_lock(s->sim->model);
        s->sim->model->counters.doubled += work_set_add(s->sim->model->active, &s->work, sop) > 0;
        model_unlock(s->sim->model);
        s->ruling = admission_rule(s->admission, head_reader_head(s->reader));
    }
}

static int part_data(void *context, const void *bytes, size_t length)
{
    struct stow *s = context;
    s->size += length;
    if (s->fd >= 0 && write(s->fd, bytes, length) != (ssize_t)length) {
        s->error = "share: trouble inside";
        return ERR_IO;
    }
    if (s->size > s->sim->max_pixels)
        s->unreadable = true;
    if (!s->unreadable)
        take_head_state(s, head_reader_feed(s->reader, bytes, length));
    return 0;
}

static void drop_part(struct stow *s)
{
    fd_close(&s->fd);
    if (s->file)
        unlink(s->file);
    memory_free(&s->file);
    head_reader_destroy(&s->reader);
}

/* An item and its staged half, with everything but the verdict. */
static size_t add_item(struct stow *s)
{
    const struct dataset_head *head = head_reader_head(s->reader);
    s->items = memory_grow(s->items, &s->capacity, s->count + 1, sizeof *s->items);
    s->staged = memory_grow(s->staged, &s->staged_capacity, s->count + 1, sizeof *s->staged);
    struct stored_item *item = &s->items[s->count];
    struct staged *staged = &s->staged[s->count];
    memcpy(item->sop_class, head->sop_class, sizeof item->sop_class);
    memcpy(item->sop, head->sop_instance, sizeof item->sop);
    memcpy(item->study, head->study, sizeof item->study);
    memcpy(item->series, head->series, sizeof item->series);
    memcpy(staged->transfer_syntax, head->transfer_syntax, sizeof staged->transfer_syntax);
    staged->series = s->ruling.series;
    staged->size = s->size;
    staged->digest = head_reader_digest(s->reader);
    staged->list = true;
    return s->count++;
}

static void apply_fault(struct stow *s, struct stored_item *item, struct staged *staged)
{
    struct fault_target target = {.kind = KIND_STOW,
                                  .album = s->album->name,
                                  .token = s->token->text,
                                  .study = item->study,
                                  .series = item->series,
                                  .sop = item->sop};
    struct fault_effect effect;
    if (!fault_take(s->sim->faults, FAULT_INSTANCE, &target, &effect))
        return;
    call_wait(s->call, effect.delay_ms);
    if (effect.action == FAULT_REFUSE || effect.action == FAULT_WARN)
        item->reason = effect.reason;
    if (effect.action == FAULT_UNNAMED)
        s->unnamed++;
    if (effect.action == FAULT_REFUSE || effect.action == FAULT_UNNAMED || effect.action == FAULT_UNLISTED)
        staged->store = false;
    if (effect.action == FAULT_UNNAMED || effect.action == FAULT_UNLISTED || effect.action == FAULT_FORGOTTEN)
        staged->list = false;
}

static int part_end(void *context)
{
    struct stow *s = context;
    if (!s->unreadable)
        take_head_state(s, head_reader_end(s->reader));
    fd_close(&s->fd);
    if (s->unreadable || (s->ruling.unnamed && !s->ruling.admitted)) {
        s->unnamed++;
        drop_part(s);
        return 0;
    }
    size_t i = add_item(s);
    struct stored_item *item = &s->items[i];
    struct staged *staged = &s->staged[i];
    staged->store = s->ruling.admitted;
    if (!s->ruling.admitted) {
        item->reason = s->ruling.reason;
        item->tag_count = (unsigned)s->ruling.tag_count;
        memcpy(item->tags, s->ruling.tags, sizeof item->tags);
    } else if (*s->call->study && strcmp(s->call->study, item->study) != 0) {
        item->reason = 0xA900; /* of another study than the path says */
        staged->store = false;
    } else {
        apply_fault(s, item, staged);
    }
    if (staged->store) {
        staged->file = s->file;
        s->file = NULL;
    }
    drop_part(s);
    return 0;
}

/* ---- the request ---- */

/* A user token says by ?album= where its series go; without it they go to the person's inbox. */
static struct album *choose_album(struct call *call, struct token *token)
{
    const char *wanted = call_argument(call, "album");
    if (token->album)
        return token->album;
    return wanted ? album_find(call->sim->model, wanted) : album_get(call->sim->model, "inbox", NULL);
}

/* Introspection, as the DICOMweb proxy does it; NULL when the answer is in the call. */
static struct token *check_token(struct call *call, struct album **ret_album)
{
    struct token *token;
    model_lock(call->sim->model);
    enum credential credential = call_credential(call, "Authorization", &token);
    *ret_album = credential == CREDENTIAL_ACTIVE ? choose_album(call, token) : NULL;
    bool may_write = credential == CREDENTIAL_ACTIVE && token_can(token, SCOPE_WRITE);
    model_unlock(call->sim->model);
    if (call->sim->model->away[PART_DATABASE])
        call_answer(call, "database away: stow");
    else if (credential != CREDENTIAL_ACTIVE || call_header(call, "FrontEnd"))
        call_answer(call, "stow: token refused");
    else if (!may_write || !*ret_album)
        call_answer(call, "stow: token without write");
    return call->answer.status ? NULL : token;
}

static struct multipart *open_multipart(struct stow *s, const char *content_type)
{
    AUTO(memory_free) char *boundary = multipart_parameter(content_type, "boundary");
    if (!boundary || !*boundary) {
        call_answer(s->call, "stow: a broken multipart");
        return NULL;
    }
    const struct multipart_handler handler = {s, part_begin, part_data, part_end};
    return multipart_create(boundary, &handler);
}

struct stow *stow_begin(struct call *call)
{
    const char *content_type = call_header(call, "Content-Type");
    bool single = content_type && strncasecmp(content_type, "application/dicom", 17) == 0;
    bool multi = content_type && strncasecmp(content_type, "multipart/related", 17) == 0;
    enum answer_form form = answer_choose(call_header(call, "Accept"));
    if ((!single && !multi) || form == ANSWER_FORMS) {
        call_answer(call, form == ANSWER_FORMS ? "stow: no answer in that form" : "stow: not a multipart");
        return NULL;
    }
    struct album *album;
    struct token *token = check_token(call, &album);
    if (!token)
        return NULL;
    const char *skip = call_argument(call, "skipVerify");
    AUTO(stow_destroy) struct stow *s = memory_new(1, sizeof *s);
    *s =
        (struct stow){.sim = call->sim, .call = call, .token = token, .album = album, .form = form, .fd = -1};
    if (multi && !(s->multipart = open_multipart(s, content_type)))
        return NULL;
    model_lock(call->sim->model);
    work_set_enter(&call->sim->model->active, &s->work);
    model_unlock(call->sim->model);
    s->admission = admission_create(call->sim->model, token, album, skip && strcasecmp(skip, "true") == 0);
    if (single)
        part_begin(s, content_type);
    struct stow *begun = s;
    s = NULL;
    return begun;
}

void stow_land(struct stow *stow)
{
    model_lock(stow->sim->model);
    work_set_leave(&stow->sim->model->active, &stow->work);
    model_unlock(stow->sim->model);
    if (stow->admission)
        admission_land(stow->admission);
}

void stow_destroy(struct stow **stow)
{
    struct stow *s = *stow;
    if (!s)
        return;
    drop_part(s);
    stow_land(s);
    for (size_t i = 0; i < s->count; i++) {
        if (s->staged[i].file)
            unlink(s->staged[i].file);
        free(s->staged[i].file);
    }
    free(s->items);
    free(s->staged);
    multipart_destroy(&s->multipart);
    admission_destroy(&s->admission);
    free(s);
    *stow = NULL;
}

void stow_feed(struct stow *stow, const void *bytes, size_t length)
{
    stow->received += length;
    if (stow->error)
        return;
    int result =
        stow->multipart ? multipart_feed(stow->multipart, bytes, length) : part_data(stow, bytes, length);
    if (result && !stow->error)
        stow->error = "stow: a broken multipart";
}

const struct stored_item *stow_items(const struct stow *stow, size_t *ret_count)
{
    *ret_count = stow->count;
    return stow->items;
}

int64_t stow_work_ms(const struct stow *stow)
{
    const struct sim *sim = stow->sim;
    return atomic_load(&sim->stow_ms) +
           atomic_load(&sim->series_ms) * (int64_t)admission_new_series(stow->admission) +
           atomic_load(&sim->mib_ms) * (int64_t)(stow->received >> 20);
}

void stow_detach(struct stow *stow)
{
    stow->call = NULL;
}

/* The PACS keeps the bytes that it has, unless it overwrites them. */
static void keep_file(struct stow *s, size_t i)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    model_lock(s->sim->model);
    bool keep = s->sim->model->overwrites || !instance_find(s->sim->model, s->items[i].sop);
    model_unlock(s->sim->model);
    text_format(&path, "%s/%s.dcm", s->sim->store, s->items[i].sop);
    if (keep)
        rename(s->staged[i].file, text_string(&path));
    else
        unlink(s->staged[i].file);
    memory_free(&s->staged[i].file);
}

static void store_item(struct stow *s, size_t i)
{
    const struct stored_item *item = &s->items[i];
    const struct staged *staged = &s->staged[i];
    const struct arrival arrival = {item->sop, item->sop_class, staged->transfer_syntax, staged->size,
                                    staged->digest};
    if (staged->store)
        instance_store(s->sim->model, staged->series, &arrival, s->token);
}

void stow_commit(struct stow *stow, bool whole, bool visible)
{
    struct stow *s = stow;
    if (whole && !s->multipart && s->reader)
        part_end(s);
    model_lock(s->sim->model);
    if (s->sim->model->away[PART_PACS] && !s->error)
        s->error = "PACS away: stow";
    s->committed |= s->sim->model->away[PART_PACS];
    model_unlock(s->sim->model);
    /* Files first: whoever sees an instance in the state finds its file. */
    for (size_t i = 0; i < s->count && !s->committed; i++)
        if (s->staged[i].file)
            keep_file(s, i);
    model_lock(s->sim->model);
    for (size_t i = 0; i < s->count && !s->committed; i++)
        store_item(s, i);
    const struct study *fetched = NULL;
    for (size_t i = 0; i < s->count && !s->committed && visible; i++) {
        if (s->staged[i].series->study != fetched)
            study_fetched(s->sim->model, s->staged[i].series->study);
        fetched = s->staged[i].series->study;
    }
    s->sim->model->counters.late += !s->call && !s->committed;
    model_unlock(s->sim->model);
    s->committed = true;
}

void stow_answer(struct stow *stow)
{
    struct stow *s = stow;
    if (!s->error && s->multipart && !multipart_complete(s->multipart))
        s->error = "stow: a multipart without its end";
    if (s->error) {
        call_answer(s->call, s->error);
        return;
    }
    size_t listed = 0;
    struct stored_item *items = memory_new(s->count + 1, sizeof *items);
    for (size_t i = 0; i < s->count; i++) {
        if (!s->staged[i].list)
            continue;
        items[listed] = s->items[i];
        items[listed++].stored = s->staged[i].store;
    }
    AUTO(text_release) struct text root = TEXT_EMPTY;
    const char *host = call_header(s->call, "Host");
    text_format(&root, "http://%s/api", host ? host : "kheops");
    answer_stored(&s->call->answer, s->form, text_string(&root), items, listed, s->unnamed);
    free(items);
}
