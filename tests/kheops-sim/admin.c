/* admin - /sim/…: albums, tokens, faults and trouble on order (call.h; README.md lists everything). */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "tests/kheops-sim/server.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_GRACE_MS = 5000 }; /* KHEOPS takes a token so much longer than its date */

static const char *word(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static int64_t number(const json_t *json, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(json, key));
}

/* ---- tokens ---- */

/* Takes over the members of json that are there. 0 or ERR_SYNTAX. */
static int change_token(struct token *token, const json_t *json, struct text *ret_reason)
{
    const char *scope = word(json, "scope");
    if (scope && !scopes_parse(scope, &token->scopes)) {
        text_format(ret_reason, "unknown word in scope \"%s\"", scope);
        return ERR_SYNTAX;
    }
    const struct flag {
        const char *key;
        bool *flag;
    } flags[] = {{"revoked", &token->revoked},
                 {"author_admin", &token->author_admin},
                 {"author_member", &token->author_member}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const json_t *value = json_object_get(json, flags[i].key);
        if (json_is_boolean(value))
            *flags[i].flag = json_is_true(value);
    }
    int64_t now = clock_monotonic_ms();
    if (json_object_get(json, "expires_in_ms"))
        token->expires_at_ms = now + number(json, "expires_in_ms");
    if (json_object_get(json, "date_in_ms"))
        token->expires_at_ms = now + number(json, "date_in_ms") + TOKEN_GRACE_MS;
    if (json_object_get(json, "not_before_in_ms"))
        token->not_before_ms = now + number(json, "not_before_in_ms");
    if (json_object_get(json, "exp"))
        token->exp = number(json, "exp");
    return 0;
}

static int add_token(struct model *model, const json_t *json, struct token **ret_token,
                     struct text *ret_reason)
{
    const char *album = word(json, "album");
    if (!album && !json_is_true(json_object_get(json, "user"))) {
        text_append(ret_reason, "a token needs an album, or \"user\": true");
        return ERR_SYNTAX;
    }
    struct token *token =
        token_add(model, word(json, "token"), album ? album_get(model, album, NULL) : NULL,
                  album ? 0 : SCOPE_USER | SCOPE_READ | SCOPE_WRITE | SCOPE_DOWNLOAD | SCOPE_SEND);
    if (!token) {
        text_append(ret_reason, "there is such a token");
        return ERR_SYNTAX;
    }
    *ret_token = token;
    return change_token(token, json, ret_reason);
}

/* ---- a configuration as one object ---- */

static int apply_model(struct sim *sim, const json_t *json, struct text *ret_reason)
{
    size_t i;
    json_t *item;
    struct token *token;
    int error = 0;
    model_lock(sim->model);
    json_array_foreach(json_object_get(json, "albums"), i, item)
    {
        const char *name = json_is_string(item) ? json_string_value(item) : word(item, "name");
        if (name)
            album_get(sim->model, name, word(item, "id"));
    }
    json_array_foreach(json_object_get(json, "tokens"), i, item) if (!error) error =
        add_token(sim->model, item, &token, ret_reason);
    const struct flag {
        const char *key;
        bool *flag;
    } flags[] = {{"races", &sim->model->races},
                 {"latin1", &sim->model->latin1},
                 {"overwrites", &sim->model->overwrites}};
    for (i = 0; i < sizeof flags / sizeof *flags; i++)
        if (json_is_boolean(json_object_get(json, flags[i].key)))
            *flags[i].flag = json_is_true(json_object_get(json, flags[i].key));
    model_unlock(sim->model);
    return error;
}

int admin_apply(struct sim *sim, const json_t *json, struct text *ret_reason)
{
    size_t i;
    json_t *item;
    unsigned id;
    int error = apply_model(sim, json, ret_reason);
    json_array_foreach(json_object_get(json, "faults"), i, item) if (!error) error =
        fault_add(sim->faults, item, &id, ret_reason);
    const struct delay {
        const char *key;
        _Atomic int64_t *delay;
    } delays[] = {{"delay_ms", &sim->delay_ms},
                  {"stow_ms", &sim->stow_ms},
                  {"series_ms", &sim->series_ms},
                  {"mib_ms", &sim->mib_ms}};
    for (i = 0; i < sizeof delays / sizeof *delays; i++)
        if (json_object_get(json, delays[i].key))
            atomic_store(delays[i].delay, number(json, delays[i].key));
    return error;
}

/* ---- the nouns below /sim ---- */

static int post_albums(struct call *call, const json_t *json, struct text *ret_reason)
{
    if (!word(json, "name")) {
        text_append(ret_reason, "an album needs a name");
        return ERR_SYNTAX;
    }
    model_lock(call->sim->model);
    struct album *album = album_get(call->sim->model, word(json, "name"), word(json, "id"));
    answer_json(&call->answer, 200, "application/json",
                json_pack("{s:s, s:s}", "name", album->name, "id", album->id));
    model_unlock(call->sim->model);
    return 0;
}

/* POST /sim/tokens makes one, POST /sim/tokens/TOKEN changes one. */
static int post_tokens(struct call *call, const json_t *json, struct text *ret_reason)
{
    struct token *token = NULL;
    int error = 0;
    model_lock(call->sim->model);
    if (!*call->series) {
        error = add_token(call->sim->model, json, &token, ret_reason);
    } else if ((token = token_find(call->sim->model, call->series))) {
        error = change_token(token, json, ret_reason);
    } else {
        text_append(ret_reason, "there is no such token");
        error = ERR_ABSENT;
    }
    if (!error)
        answer_json(&call->answer, 200, "application/json", json_pack("{s:s}", "token", token->text));
    model_unlock(call->sim->model);
    return error;
}

static int post_faults(struct call *call, const json_t *json, struct text *ret_reason)
{
    unsigned id;
    int error = fault_add(call->sim->faults, json, &id, ret_reason);
    if (!error)
        answer_json(&call->answer, 200, "application/json", json_pack("{s:i}", "id", (int)id));
    return error;
}

static int delete_faults(struct call *call, const json_t *json, struct text *ret_reason)
{
    (void)json, (void)ret_reason;
    fault_remove(call->sim->faults, (unsigned)strtoul(call->series, NULL, 10));
    return 0;
}

static int post_away(struct call *call, const json_t *json, struct text *ret_reason)
{
    int error = json_is_false(json_object_get(json, "away"))
                    ? server_come_back(call->sim->server)
                    : server_go_away(call->sim->server, number(json, "ms"));
    if (error)
        text_append(ret_reason, "the port cannot be opened");
    return error;
}

/* {"database": false}: that part of KHEOPS is away; true: it is back. */
static int post_parts(struct call *call, const json_t *json, struct text *ret_reason)
{
    static const char *const names[PARTS] = {
#define X(name, text) [PART_##name] = text,
        PART_MAP(X)
#undef X
    };
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        int part = 0;
        while (part < PARTS && strcmp(names[part], key) != 0)
            part++;
        if (part == PARTS || !json_is_boolean(value)) {
            text_format(ret_reason, "no part of KHEOPS: %s", key);
            return ERR_SYNTAX;
        }
        model_lock(call->sim->model);
        bool was_away = call->sim->model->away[part];
        call->sim->model->away[part] = json_is_false(value);
        call->sim->model->stale_connection |= part == PART_DATABASE && was_away && json_is_true(value);
        model_unlock(call->sim->model);
    }
    return 0;
}

static int post_config(struct call *call, const json_t *json, struct text *ret_reason)
{
    return admin_apply(call->sim, json, ret_reason);
}

/* {"album": NAME, "series": UID}: an administrator removes a series from an album. */
static int post_remove(struct call *call, const json_t *json, struct text *ret_reason)
{
    const char *name = word(json, "album"), *uid = word(json, "series");
    model_lock(call->sim->model);
    struct model *model = call->sim->model;
    struct album *album = name ? album_find(model, name) : NULL;
    struct series *series = NULL;
    for (size_t i = 0; uid && i < model->study_count && !series; i++)
        series = series_find(model->studies[i], uid);
    if (series && album)
        series_leave(series, album);
    model_unlock(call->sim->model);
    if (series && album)
        return 0;
    text_append(ret_reason, "there is no such album or series");
    return ERR_ABSENT;
}

static int post_reset(struct call *call, const json_t *json, struct text *ret_reason)
{
    (void)json, (void)ret_reason;
    model_lock(call->sim->model);
    struct counters *counters = &call->sim->model->counters;
    uint64_t in_flight = counters->in_flight;
    *counters = (struct counters){.in_flight = in_flight, .in_flight_max = in_flight};
    model_unlock(call->sim->model);
    return 0;
}

static const struct noun {
    const char *method, *name;
    int (*run)(struct call *call, const json_t *json, struct text *ret_reason);
    bool from_afar_only; /* stops the port that it would answer on */
} nouns[] = {
    {"POST", "albums", post_albums, false}, {"POST", "tokens", post_tokens, false},
    {"POST", "faults", post_faults, false}, {"DELETE", "faults", delete_faults, false},
    {"POST", "config", post_config, false}, {"POST", "remove", post_remove, false},
    {"POST", "reset", post_reset, false},   {"POST", "away", post_away, true},
    {"POST", "parts", post_parts, false},
};

static const struct noun *find_noun(const struct call *call)
{
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(nouns[i].name, call->study) == 0 && strcmp(nouns[i].method, call->method) == 0)
            return &nouns[i];
    return NULL;
}

void admin_change(struct call *call)
{
    const struct noun *noun = find_noun(call);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    json_t *json =
        call->body.length ? json_loadb(call->body.bytes, call->body.length, 0, NULL) : json_object();
    int error = ERR_SYNTAX;
    if (!noun)
        text_append(&reason, "there is no such thing below /sim");
    else if (!json_is_object(json))
        text_append(&reason, "the body is not a JSON object");
    else if (noun->from_afar_only && !call->admin)
        text_append(&reason, "ask the admin port for this");
    else
        error = noun->run(call, json, &reason);
    if (error)
        answer_json(&call->answer, 400, "application/json",
                    json_pack("{s:s, s:s}", "message", "Bad request", "detail", text_string(&reason)));
    else if (!call->answer.status)
        answer_json(&call->answer, 200, "application/json", json_object());
    json_decref(json);
}

/* GET /sim/state: everything; /sim/counts: the same without the single instances. */
void admin_get(struct call *call)
{
    bool state = strcmp(call->study, "state") == 0;
    if (state || strcmp(call->study, "counts") == 0)
        answer_json(&call->answer, 200, "application/json", state_json(call->sim, state));
    else
        answer_text(&call->answer, 404, "");
}
