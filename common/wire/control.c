#include "common/wire/control.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/dicom/uid.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MOST = 1 << 20,
    DEPTH_MOST = 8,
    ANSWER_DEPTH_MOST = 12,
    ENTRY_SIZE = 16 << 10,                             /* of a user */
    HEADER_TEXT_MAX = (CONTROL_HEADER_MAX + 2) / 3 * 4 /* of base64 */
};

#define NAME(name, text, ...) text,
static const char *const verb_names[] = {CONTROL_VERB_MAP(NAME)};
static const char *const kind_names[] = {CONTROL_KIND_MAP(NAME)};
#undef NAME

static const char *const stage_names[] = {"progress", "done", "refused"};

const char *control_verb_name(enum control_verb verb)
{
    return verb_names[verb];
}

const char *control_verb_done(enum control_verb verb)
{
    static const char *const texts[] = {
#define X(name, text, done, takes) done,
        CONTROL_VERB_MAP(X)
#undef X
    };
    return texts[verb];
}

const char *control_kind_name(enum control_kind kind)
{
    return kind_names[kind];
}

/* ---- the members of a request that are texts ---- */

struct member {
    const char *key;
    size_t offset;
    bool is_uid;
    size_t most;    /* bytes; 0: CONTROL_TEXT_MAX */
    bool has_lines; /* ends of lines and tabs are taken */
    bool is_secret; /* it may name a patient: wiped */
};

static const struct member members[] = {
    {.key = "user", .offset = offsetof(struct control_request, user)},
    {.key = "destination", .offset = offsetof(struct control_request, destination)},
    {.key = "album", .offset = offsetof(struct control_request, album)},
    {.key = "source", .offset = offsetof(struct control_request, source)},
    {.key = "state", .offset = offsetof(struct control_request, state)},
    {.key = "study", .offset = offsetof(struct control_request, study), .is_uid = true},
    {.key = "series", .offset = offsetof(struct control_request, series), .is_uid = true},
    {.key = "calling_aet", .offset = offsetof(struct control_request, calling_aet)},
    {.key = "called_aet", .offset = offsetof(struct control_request, called_aet)},
    {.key = "job_kind", .offset = offsetof(struct control_request, job_kind)},
    {.key = "reason", .offset = offsetof(struct control_request, reason)},
    {.key = "number", .offset = offsetof(struct control_request, number), .is_secret = true},
    {.key = "number_kind", .offset = offsetof(struct control_request, number_kind)},
    {.key = "expression",
     .offset = offsetof(struct control_request, expression),
     .most = CONTROL_EXPRESSION_MAX,
     .has_lines = true,
     .is_secret = true},
    {.key = "header",
     .offset = offsetof(struct control_request, header),
     .most = HEADER_TEXT_MAX,
     .is_secret = true}};

enum { MEMBERS = sizeof members / sizeof *members };

static char **text_member(struct control_request *request, const struct member *member)
{
    return (char **)(void *)((char *)request + member->offset);
}

/* ---- requests ---- */

/* Requests are begun by several threads. An entry that has no room here is none. */
static void append_user(struct text *name)
{
    const char *caller = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    struct passwd entry, *found = NULL;
    char room[ENTRY_SIZE];
    if (caller && *caller)
        text_append(name, caller);
    else if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        text_append(name, entry.pw_name);
    else
        text_format(name, "user %u", (unsigned)getuid());
}

int control_request_start(struct control_request *request, enum control_verb verb)
{
    struct text user = TEXT_EMPTY;
    request->verb = verb;
    append_user(&user);
    free(request->user);
    request->user = text_take(&user);
    return random_hex(request->id, CONTROL_ID_SIZE - 1);
}

void control_request_release(struct control_request *request)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        char *text = *text_member(request, &members[i]);
        if (text && members[i].is_secret)
            explicit_bzero(text, strlen(text));
        free(text);
    }
    free(request->jobs);
    *request = (struct control_request){0};
}

static void set_text(json_t *object, const char *key, const char *text)
{
    /* What is no UTF-8 is left out by the library, and then missed by the router. */
    if (text)
        (void)json_object_set_new(object, key, json_string(text));
}

static json_t *jobs_to_json(const struct control_request *request)
{
    json_t *jobs = json_array();
    for (size_t i = 0; i < request->job_count; i++)
        (void)json_array_append_new(jobs, json_pack("{s:s, s:I}", "kind", kind_names[request->jobs[i].kind],
                                                    "id", (json_int_t)request->jobs[i].id));
    return jobs;
}

void control_request_encode(const struct control_request *request, struct text *out)
{
    AUTO(json_release)
    json_t *object = json_pack("{s:i, s:s, s:s}", "protocol", CONTROL_PROTOCOL, "request", request->id,
                               "verb", verb_names[request->verb]);
    for (size_t i = 0; i < MEMBERS; i++)
        set_text(object, members[i].key, *text_member((struct control_request *)request, &members[i]));
    if (request->since)
        (void)json_object_set_new(object, "since", json_integer(request->since));
    if (request->limit)
        (void)json_object_set_new(object, "limit", json_integer(request->limit));
    if (request->job_count > 0)
        (void)json_object_set_new(object, "jobs", jobs_to_json(request));
    if (request->until)
        (void)json_object_set_new(object, "until", json_integer(request->until));
    if (request->http_status)
        (void)json_object_set_new(object, "http_status", json_integer(request->http_status));
    if (request->line)
        (void)json_object_set_new(object, "line", json_true());
    if (request->all)
        (void)json_object_set_new(object, "all", json_true());
    if (request->dry_run)
        (void)json_object_set_new(object, "dry_run", json_true());
    if (request->anyway)
        (void)json_object_set_new(object, "anyway", json_true());
    if (request->from_kheops)
        (void)json_object_set_new(object, "from_kheops", json_true());
    if (request->identifying)
        (void)json_object_set_new(object, "identifying", json_true());
    if (request->now)
        (void)json_object_set_new(object, "now", json_true());
    json_append(object, out);
}

/* ---- reading a request: each reader says what is wrong and returns false ---- */

static bool control_find_name(const char *const *names, size_t count, const char *name, int *ret_index)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_index = (int)i;
            return true;
        }
    }
    return false;
}

static bool request_say(struct text *reason, const char *key, const char *sentence)
{
    text_format(reason, "\"%s\" %s", key, sentence);
    return false;
}

static bool request_is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return true;
}

static bool request_has_lines(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!request_is_plain(text + i, 1) && !strchr("\t\r\n", text[i]))
            return false;
    }
    return true;
}

static bool request_read_text(const json_t *value, const struct member *member, char **ret_text,
                              struct text *reason)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    size_t most = member->most ? member->most : CONTROL_TEXT_MAX;
    bool is_well = text && length > 0 && length <= most &&
                   (member->has_lines ? request_has_lines(text, length) : request_is_plain(text, length));
    if (!is_well) {
        text_format(reason, "\"%s\" is not a text of 1 to %zu bytes without control characters", member->key,
                    most);
        return false;
    }
    if (member->is_uid && !uid_is_printable(text))
        return request_say(reason, member->key, "is not a UID: 1 to 64 printable characters");
    free(*ret_text);
    *ret_text = memory_string(text);
    return true;
}

static bool request_read_number(const json_t *value, const char *key, int64_t *ret_number,
                                struct text *reason)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return request_say(reason, key, "is not a whole number above 0");
    *ret_number = json_integer_value(value);
    return true;
}

static bool request_read_bool(const json_t *value, const char *key, bool *ret_bool, struct text *reason)
{
    *ret_bool = json_is_true(value);
    return json_is_boolean(value) || request_say(reason, key, "is neither true nor false");
}

static bool request_read_job(const json_t *value, struct control_job *ret_job, struct text *reason)
{
    int kind;
    if (!json_is_object(value) || json_object_size(value) != 2 ||
        !control_find_name(kind_names, CONTROL_KINDS, json_text_or_null(value, "kind"), &kind))
        return request_say(
            reason, "jobs",
            "holds something that is not {\"kind\": delivery, share, fetch, inquiry or instance, "
            "\"id\": number}");
    ret_job->kind = (enum control_kind)kind;
    return request_read_number(json_object_get(value, "id"), "id", &ret_job->id, reason);
}

static bool request_read_jobs(const json_t *value, struct control_request *request, struct text *reason)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0 || count > CONTROL_JOBS_MAX)
        return request_say(reason, "jobs", "is not a list of 1 to 1000 jobs");
    request->jobs = memory_new(count, sizeof *request->jobs);
    request->job_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!request_read_job(json_array_get(value, i), &request->jobs[i], reason))
            return false;
    }
    return true;
}

static bool request_read_verb(const json_t *value, struct control_request *request, struct text *reason)
{
    int verb;
    if (!control_find_name(verb_names, CONTROL_VERBS, json_string_value(value), &verb))
        return request_say(reason, "verb", "is not one that this router knows");
    request->verb = (enum control_verb)verb;
    return true;
}

static bool request_read_member(const char *key, const json_t *value, struct control_request *request,
                                struct text *reason)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strcmp(key, members[i].key) == 0)
            return request_read_text(value, &members[i], text_member(request, &members[i]), reason);
    }
    if (strcmp(key, "verb") == 0)
        return request_read_verb(value, request, reason);
    if (strcmp(key, "since") == 0)
        return request_read_number(value, key, &request->since, reason);
    if (strcmp(key, "until") == 0)
        return request_read_number(value, key, &request->until, reason);
    if (strcmp(key, "http_status") == 0)
        return request_read_number(value, key, &request->http_status, reason);
    if (strcmp(key, "line") == 0)
        return request_read_bool(value, key, &request->line, reason);
    if (strcmp(key, "limit") == 0)
        return request_read_number(value, key, &request->limit, reason);
    if (strcmp(key, "jobs") == 0)
        return request_read_jobs(value, request, reason);
    if (strcmp(key, "all") == 0)
        return request_read_bool(value, key, &request->all, reason);
    if (strcmp(key, "now") == 0)
        return request_read_bool(value, key, &request->now, reason);
    if (strcmp(key, "dry_run") == 0)
        return request_read_bool(value, key, &request->dry_run, reason);
    if (strcmp(key, "from_kheops") == 0)
        return request_read_bool(value, key, &request->from_kheops, reason);
    if (strcmp(key, "identifying") == 0)
        return request_read_bool(value, key, &request->identifying, reason);
    if (strcmp(key, "anyway") == 0)
        return request_read_bool(value, key, &request->anyway, reason);
    if (strcmp(key, "protocol") == 0 || strcmp(key, "request") == 0)
        return true;
    text_format(reason, "this router does not know \"%.40s\"",
                request_is_plain(key, strlen(key)) ? key : "?");
    return false;
}

static bool control_read_id(const json_t *object, const char *key, char *ret_id)
{
    const char *id = json_text_or_null(object, key);
    if (!id || strlen(id) != CONTROL_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != CONTROL_ID_SIZE - 1)
        return false;
    memcpy(ret_id, id, CONTROL_ID_SIZE);
    return true;
}

static bool request_read(json_t *object, struct control_request *request, struct text *reason)
{
    if (!control_read_id(object, "request", request->id))
        return request_say(reason, "request", "is not an id of 32 lower-case hex digits");
    if (json_integer_value(json_object_get(object, "protocol")) != CONTROL_PROTOCOL) {
        text_format(reason,
                    "the router speaks version %d of the control protocol: use the felucca that came "
                    "with it",
                    CONTROL_PROTOCOL);
        return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!request_read_member(key, value, request, reason))
            return false;
    }
    if (!json_object_get(object, "verb"))
        return request_say(reason, "verb", "is missing");
    return request->user || request_say(reason, "user", "is missing");
}

int control_request_decode(const char *json, size_t length, struct control_request *ret_request,
                           struct text *ret_reason)
{
    *ret_request = (struct control_request){0};
    if (length > CONTROL_REQUEST_MAX) {
        text_append(ret_reason, "the request is larger than 512 KiB: ask for fewer jobs at once");
        return ERR_SYNTAX;
    }
    AUTO(json_release) json_t *object = NULL;
    const struct json_limits limits = {CONTROL_REQUEST_MAX, DEPTH_MOST, .unique = true};
    (void)json_read(json, length, &limits, &object);
    if (json_is_object(object))
        return request_read(object, ret_request, ret_reason) ? 0 : ERR_SYNTAX;
    text_append(ret_reason, "the request is not a JSON object");
    return ERR_SYNTAX;
}

const char *control_request_surplus(const struct control_request *request)
{
    static const char *const takes[] = {
#define X(name, text, done, takes) takes,
        CONTROL_VERB_MAP(X)
#undef X
    };
    const struct {
        const char *key;
        bool is_set;
    } set[] = {
        {"destination", request->destination},
        {"album", request->album},
        {"source", request->source},
        {"calling_aet", request->calling_aet},
        {"called_aet", request->called_aet},
        {"job_kind", request->job_kind},
        {"http_status", request->http_status > 0},
        {"line", request->line},
        {"state", request->state},
        {"study", request->study},
        {"series", request->series},
        {"reason", request->reason},
        {"number", request->number},
        {"number_kind", request->number_kind},
        {"expression", request->expression},
        {"header", request->header},
        {"since", request->since > 0},
        {"until", request->until > 0},
        {"limit", request->limit > 0},
        {"jobs", request->job_count > 0},
        {"all", request->all},
        {"dry_run", request->dry_run},
        {"anyway", request->anyway},
        {"from_kheops", request->from_kheops},
        {"identifying", request->identifying},
        {"now", request->now},
    };
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        if (set[i].is_set && !string_has_word(takes[request->verb], set[i].key, strlen(set[i].key)))
            return set[i].key;
    }
    return NULL;
}

/* ---- answers ---- */

void control_answer_release(struct control_answer *answer)
{
    text_release(&answer->sentence);
    json_release(&answer->explained);
    for (size_t i = 0; i < answer->note_count; i++) {
        free(answer->notes[i].text);
        free(answer->notes[i].example);
    }
    *answer = (struct control_answer){0};
}

void control_answer_note(struct control_answer *answer, const char *example, const char *format, ...)
{
    AUTO(text_release) struct text note = TEXT_EMPTY;
    va_list arguments;
    va_start(arguments, format);
    text_format_list(&note, format, arguments);
    va_end(arguments);
    size_t i = 0;
    while (i < answer->note_count && strcmp(answer->notes[i].text, text_string(&note)) != 0)
        i++;
    if (i == CONTROL_NOTES_MAX) {
        answer->unsaid++;
        return;
    }
    if (i == answer->note_count)
        answer->notes[answer->note_count++] = (struct control_note){
            .text = text_take(&note), .example = example ? memory_string(example) : NULL};
    answer->notes[i].count++;
}

static json_t *note_to_json(const struct control_note *note)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    if (note->count > 1)
        text_format(&text, "%lld times: ", (long long)note->count);
    text_append(&text, note->text);
    if (note->example)
        text_format(&text, " (%s%s)", note->count > 1 ? "the first: " : "", note->example);
    return json_from_text(text_string(&text));
}

static json_t *notes_to_json(const struct control_answer *answer)
{
    AUTO(text_release) struct text rest = TEXT_EMPTY;
    json_t *notes = json_array();
    for (size_t i = 0; i < answer->note_count; i++)
        (void)json_array_append_new(notes, note_to_json(&answer->notes[i]));
    if (answer->unsaid > 0) {
        text_format(&rest, "and %lld more", (long long)answer->unsaid);
        (void)json_array_append_new(notes, json_from_text(text_string(&rest)));
    }
    return notes;
}

void control_answer_encode(const struct control_answer *answer, struct text *out)
{
    AUTO(json_release)
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "request", answer->id, "answer",
                  stage_names[answer->stage], "changed", (json_int_t)answer->changed, "skipped",
                  (json_int_t)answer->skipped, "already", (json_int_t)answer->already, "unmatched",
                  (json_int_t)answer->unmatched, "asked", (json_int_t)answer->asked, "sentence",
                  json_from_text(text_string(&answer->sentence)), "notes", notes_to_json(answer));
    if (*answer->hash)
        (void)json_object_set_new(object, "hash", json_string(answer->hash));
    if (answer->explained)
        (void)json_object_set(object, "explained", answer->explained);
    json_append(object, out);
}

static void decode_notes(const json_t *notes, struct control_answer *answer)
{
    for (size_t i = 0; i < json_array_size(notes) && answer->note_count <= CONTROL_NOTES_MAX; i++) {
        const char *note = json_string_value(json_array_get(notes, i));
        if (note)
            answer->notes[answer->note_count++] =
                (struct control_note){.text = memory_string(note), .count = 1};
    }
}

int control_answer_decode(const char *json, size_t length, struct control_answer *ret_answer)
{
    *ret_answer = (struct control_answer){0};
    static const struct json_limits limits = {ANSWER_MOST, ANSWER_DEPTH_MOST, .unique = false};
    AUTO(json_release) json_t *object = NULL;
    (void)json_read(json, length, &limits, &object);
    const char *sentence = json_text_or_null(object, "sentence");
    const json_t *notes = json_object_get(object, "notes");
    int stage;
    if (!sentence || !control_find_name(stage_names, 3, json_text_or_null(object, "answer"), &stage))
        return ERR_SYNTAX;
    (void)control_read_id(object, "request",
                          ret_answer->id); /* "": of a request whose id could not be read */
    ret_answer->stage = (enum control_stage)stage;
    ret_answer->changed = json_integer_value(json_object_get(object, "changed"));
    ret_answer->skipped = json_integer_value(json_object_get(object, "skipped"));
    ret_answer->already = json_integer_value(json_object_get(object, "already"));
    ret_answer->unmatched = json_integer_value(json_object_get(object, "unmatched"));
    ret_answer->asked = json_integer_value(json_object_get(object, "asked"));
    const char *hash = json_text(object, "hash");
    if (strlen(hash) == CONTROL_HASH_SIZE - 1)
        memcpy(ret_answer->hash, hash, CONTROL_HASH_SIZE);
    json_t *explained = json_object_get(object, "explained");
    ret_answer->explained = json_is_object(explained) ? json_incref(explained) : NULL;
    text_append(&ret_answer->sentence, sentence);
    decode_notes(notes, ret_answer);
    return 0;
}
