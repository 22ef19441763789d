#include "common/jobs/target.h"

#include "common/base/memory.h"
#include "common/jobs/sql.h"
#include "common/kheops/token_verdict.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
    [TARGET_UP] = "up", [TARGET_BACKING_OFF] = "backing off", [TARGET_BLOCKED] = "blocked"};

const char *jobdb_target_state_name(enum jobdb_target_state state)
{
    return state_names[state];
}

static enum jobdb_target_state parse_state(const char *name)
{
    for (size_t i = 0; i < sizeof state_names / sizeof *state_names; i++) {
        if (strcmp(name, state_names[i]) == 0)
            return (enum jobdb_target_state)i;
    }
    return TARGET_UP;
}

void jobdb_target_release(struct jobdb_target *target)
{
    free(target->destination);
    free(target->album);
    free(target->origin);
    jobdb_token_release(&target->token);
    jobdb_token_release(&target->source);
    *target = (struct jobdb_target){0};
}

void jobdb_unconfigure_all(struct jobdb *db)
{
    (void)jobdb_change(db, SQL_UNCONFIGURE_DESTINATIONS, "");
    (void)jobdb_change(db, SQL_UNCONFIGURE_ALBUMS, "");
}

void jobdb_configure(struct jobdb *db, const char *destination, const char *album, const char *origin)
{
    if (album) {
        (void)jobdb_change(db, SQL_CONFIGURE_ALBUM, "ss", destination, album);
        return;
    }
    (void)jobdb_change(db, SQL_FORGET_KNOWN, "ss", destination, origin);
    (void)jobdb_change(db, SQL_CONFIGURE_DESTINATION, "ss", destination, origin);
}

void jobdb_each_target(struct jobdb *db, void (*each)(void *context, struct jobdb_target *target),
                       void *context)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_EACH_TARGET, "");
    while (jobdb_row(db, row)) {
        struct jobdb_target target = {
            .destination_id = sqlite3_column_int64(row, 0),
            .album_id = sqlite3_column_int64(row, 1),
            .destination = memory_string(jobdb_text(row, 2)),
            .album = memory_string(jobdb_text_or_null(row, 3)),
            .origin = memory_string(jobdb_text(row, 4)),
            .configured = sqlite3_column_int(row, 5) != 0,
            .held = sqlite3_column_int(row, 6) != 0,
            .state = parse_state(jobdb_text(row, 7)),
            .since = sqlite3_column_int64(row, 8),
            .until = sqlite3_column_int64(row, 9),
            .failures = sqlite3_column_int64(row, 10),
            .stored = sqlite3_column_int64(row, 11),
        };
        jobdb_read_token(row, 12, &target.token);
        jobdb_read_token(row, 15, &target.source);
        each(context, &target);
    }
}

void jobdb_save_target(struct jobdb *db, const struct jobdb_target *target, const char *last_error,
                       int64_t now)
{
    enum jobdb_statement which = target->album_id ? SQL_SAVE_ALBUM : SQL_SAVE_DESTINATION;
    int64_t id = target->album_id ? target->album_id : target->destination_id;
    (void)jobdb_change(db, which, "isiiiiisi", id, state_names[target->state], (int64_t)target->held,
                       target->since, target->until, target->failures, target->stored, last_error, now);
}

/* ---- tokens ---- */

void jobdb_token_release(struct jobdb_token *token)
{
    free(token->scope);
    free(token->album);
    *token = (struct jobdb_token){0};
}

void jobdb_read_token(sqlite3_stmt *row, int first, struct jobdb_token *ret_token)
{
    *ret_token = (struct jobdb_token){.known = sqlite3_column_type(row, first) != SQLITE_NULL,
                                      .active = sqlite3_column_int(row, first) != 0,
                                      .scope = memory_string(jobdb_text(row, first + 1)),
                                      .album = memory_string(jobdb_text(row, first + 2))};
}

bool jobdb_token_trouble(const struct jobdb_token *token, enum work_token_kind kind,
                         const struct jobdb_token *stow, struct text *ret_sentence)
{
    const struct introspection said = {.state = token->active ? INTROSPECTION_ACTIVE : INTROSPECTION_INACTIVE,
                                       .scope = token->scope,
                                       .album_id = token->album};
    return token->known &&
           token_verdict(kind, token_name(kind), &said, stow->active ? stow->album : NULL, ret_sentence);
}

void jobdb_save_token(struct jobdb *db, struct jobdb_target *target, const struct work_token *token,
                      int64_t now)
{
    struct jobdb_token *kept =
        target->album_id && token->kind == WORK_TOKEN_SOURCE ? &target->source : &target->token;
    jobdb_token_release(kept);
    *kept = (struct jobdb_token){.known = true,
                                 .active = token->active,
                                 .scope = memory_string(token->scope),
                                 .album = memory_string(token->album_id)};
    enum jobdb_statement which = !target->album_id                  ? SQL_SAVE_DESTINATION_TOKEN
                                 : token->kind == WORK_TOKEN_SOURCE ? SQL_SAVE_SOURCE_TOKEN
                                                                    : SQL_SAVE_ALBUM_TOKEN;
    int64_t id = target->album_id ? target->album_id : target->destination_id;
    (void)jobdb_change(db, which, "iissi", id, (int64_t)token->active, token->scope, token->album_id, now);
}
