#include "common/jobs/target.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/jobs/place.h"
#include "common/jobs/row.h"
#include "common/jobs/token.h"
#include "common/kheops/token_verdict.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(UNCONFIGURE_DESTINATIONS, CONFIG_ONLY, "UPDATE destination SET configured = 0") \
    X(UNCONFIGURE_ALBUMS, CONFIG_ONLY, "UPDATE album SET configured = 0") \
    X(OF_OTHER_ORIGIN, "", "SELECT id FROM destination WHERE name = ?1 AND origin <> ?2") \
    X(NO_HOME, "", \
      "UPDATE destination SET home_album = NULL, token_active = NULL, token_scope = NULL, token_album = NULL," \
      " token_at = NULL WHERE id = ?1") \
    X(ALBUMS_MOVED, "", \
      "UPDATE album SET moved_at = ?2, token_active = NULL, token_scope = NULL, token_album = NULL, token_at = NULL," \
      " source_active = NULL, source_scope = NULL, source_album = NULL, source_at = NULL WHERE destination_id = ?1") \
    X(CONFIGURE_DESTINATION, "", \
      "INSERT INTO destination (name, origin) VALUES (?1, ?2)" \
      " ON CONFLICT (name) DO UPDATE SET configured = 1, origin = excluded.origin") \
    X(CONFIGURE_ALBUM, "", \
      "INSERT INTO album (destination_id, name) SELECT id, ?2 FROM destination WHERE name = ?1" \
      " ON CONFLICT (destination_id, name) DO UPDATE SET configured = 1") \
    X(NOTE_DESTINATION, "", \
      "UPDATE destination SET fresh_mark = CASE WHEN address = '' THEN fresh_mark ELSE stored END, address = ?2" \
      " WHERE name = ?1 AND address <> ?2") \
    X(NOTE_ALBUM, "", \
      "UPDATE album SET fresh_mark = CASE WHEN address = '' THEN fresh_mark ELSE stored END, address = ?2" \
      " WHERE destination_id = (SELECT id FROM destination WHERE name = ?1) AND name = ?3 AND address <> ?2") \
    X(EACH_TARGET, CONFIG_ONLY, \
      "SELECT id, 0, name, NULL, origin, configured, held, state, since, until, failures, stored, fresh_mark," \
      " token_active, token_scope, token_album, NULL, NULL, NULL, home_album, home_stored" \
      " FROM destination UNION ALL" \
      " SELECT a.destination_id, a.id, d.name, a.name, d.origin, a.configured, a.held, a.state, a.since," \
      " a.until, a.failures, a.stored, a.fresh_mark, a.token_active, a.token_scope, a.token_album, a.source_active," \
      " a.source_scope, a.source_album, NULL, 0 FROM album a JOIN destination d ON d.id = a.destination_id" \
      " ORDER BY 2, 1") \
    X(SAVE_DESTINATION, "", \
      "UPDATE destination SET state = ?2, held = ?3, since = ?4, until = ?5, failures = ?6, stored = ?7," \
      " last_error = coalesce(?8, last_error)," \
      " last_error_at = CASE WHEN ?8 IS NULL THEN last_error_at ELSE ?9 END, fresh_mark = ?10 WHERE id = ?1") \
    X(SAVE_ALBUM, "", \
      "UPDATE album SET state = ?2, held = ?3, since = ?4, until = ?5, failures = ?6, stored = ?7," \
      " last_error = coalesce(?8, last_error)," \
      " last_error_at = CASE WHEN ?8 IS NULL THEN last_error_at ELSE ?9 END, fresh_mark = ?10 WHERE id = ?1") \
    X(SAVE_HOME, "", "UPDATE destination SET home_album = ?2, home_stored = ?3 WHERE id = ?1") \
    X(SAVE_DESTINATION_TOKEN, "", \
      "UPDATE destination SET token_active = ?2, token_scope = ?3, token_album = ?4, token_at = ?5" \
      " WHERE id = ?1") \
    X(SAVE_ALBUM_TOKEN, "", \
      "UPDATE album SET token_active = ?2, token_scope = ?3, token_album = ?4, token_at = ?5 WHERE id = ?1") \
    X(SAVE_SOURCE_TOKEN, "", \
      "UPDATE album SET source_active = ?2, source_scope = ?3, source_album = ?4, source_at = ?5" \
      " WHERE id = ?1")
/* clang-format on */
JOBDB_STATEMENTS(target)

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
    free(target->home);
    token_release(&target->token);
    token_release(&target->source);
    *target = (struct jobdb_target){0};
}

/* ---- the configuration ---- */

void jobdb_unconfigure_all(struct jobdb *db)
{
    (void)jobdb_change(db, SQL_UNCONFIGURE_DESTINATIONS, "");
    (void)jobdb_change(db, SQL_UNCONFIGURE_ALBUMS, "");
}

/* Nothing of what was stored and shared at another origin is there, and what was said of tokens there is not said
 * here. */
static void leave_old_origin(struct jobdb *db, const char *destination, const char *origin)
{
    int64_t id = row_first(jobdb_query(db, SQL_OF_OTHER_ORIGIN, "ss", destination, origin), 0);
    if (id == 0)
        return;
    int64_t now = clock_wall_ms();
    jobdb_destination_moved(db, id, now);
    (void)jobdb_change(db, SQL_ALBUMS_MOVED, "ii", id, now);
    (void)jobdb_change(db, SQL_NO_HOME, "i", id);
}

void jobdb_configure(struct jobdb *db, const char *destination, const char *album, const char *origin)
{
    if (album) {
        (void)jobdb_change(db, SQL_CONFIGURE_ALBUM, "ss", destination, album);
        return;
    }
    leave_old_origin(db, destination, origin);
    (void)jobdb_change(db, SQL_CONFIGURE_DESTINATION, "ss", destination, origin);
}

bool jobdb_note_address(struct jobdb *db, const char *destination, const char *album, const char *address)
{
    if (album)
        return jobdb_change(db, SQL_NOTE_ALBUM, "sss", destination, address, album) > 0;
    return jobdb_change(db, SQL_NOTE_DESTINATION, "ss", destination, address) > 0;
}

/* ---- what is known of them ---- */

static void read_target(struct row *row, struct jobdb_target *ret_target)
{
    *ret_target = (struct jobdb_target){0};
    ret_target->destination_id = row_number(row);
    ret_target->album_id = row_number(row);
    ret_target->destination = memory_string(row_text(row));
    ret_target->album = memory_string(row_text_or_null(row));
    ret_target->origin = memory_string(row_text(row));
    ret_target->configured = row_flag(row);
    ret_target->held = row_flag(row);
    ret_target->state = parse_state(row_text(row));
    ret_target->since = row_number(row);
    ret_target->until = row_number(row);
    ret_target->failures = row_number(row);
    ret_target->stored = row_number(row);
    ret_target->fresh_mark = row_number(row);
    token_read(row, &ret_target->token);
    token_read(row, &ret_target->source);
    ret_target->home = memory_string(row_text_or_null(row));
    ret_target->home_stored = row_number(row);
}

void jobdb_each_target(struct jobdb *db, void (*each)(void *context, struct jobdb_target *target),
                       void *context)
{
    struct jobdb_target target;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_TARGET, "");
    while (row_next(&row)) {
        read_target(&row, &target);
        each(context, &target);
    }
}

void jobdb_save_target(struct jobdb *db, const struct jobdb_target *target, const char *last_error,
                       int64_t now)
{
    int which = target->album_id ? SQL_SAVE_ALBUM : SQL_SAVE_DESTINATION;
    int64_t id = target->album_id ? target->album_id : target->destination_id;
    (void)jobdb_change(db, which, "isiiiiisii", id, state_names[target->state], (int64_t)target->held,
                       target->since, target->until, target->failures, target->stored, last_error, now,
                       target->fresh_mark);
}

/* ---- tokens ---- */

void token_release(struct jobdb_token *token)
{
    free(token->scope);
    free(token->album);
    *token = (struct jobdb_token){0};
}

/* As the column has them: schema.sql. */
static enum work_token_state token_state(int64_t active)
{
    static const enum work_token_state states[] = {WORK_TOKEN_INACTIVE, WORK_TOKEN_ACTIVE, WORK_TOKEN_PERSON};
    return active >= 0 && active < 3 ? states[active] : WORK_TOKEN_UNTOLD;
}

void token_read(struct row *row, struct jobdb_token *ret_token)
{
    ret_token->known = !row_is_null(row);
    ret_token->state = token_state(row_number(row));
    ret_token->scope = memory_string(row_text(row));
    ret_token->album = memory_string(row_text(row));
}

const char *jobdb_token_album(const struct jobdb_token *token)
{
    return token->known && token->state == WORK_TOKEN_ACTIVE && token->album ? token->album : "";
}

enum token_verdict jobdb_token_trouble(const struct jobdb_token *token, enum work_token_kind kind,
                                       const struct token_place_facts *facts, struct text *ret_sentence)
{
    static const enum introspection_state states[WORK_TOKEN_STATES] = {
        [WORK_TOKEN_INACTIVE] = INTROSPECTION_INACTIVE,
        [WORK_TOKEN_ACTIVE] = INTROSPECTION_ACTIVE,
        [WORK_TOKEN_PERSON] = INTROSPECTION_PERSON,
        [WORK_TOKEN_UNTOLD] = INTROSPECTION_UNKNOWN};
    const struct introspection said = {
        .state = states[token->state], .scope = token->scope, .album_id = token->album};
    return token->known ? token_verdict(kind, token_name(kind), &said, facts, ret_sentence) : TOKEN_FINE;
}

void jobdb_save_token(struct jobdb *db, struct jobdb_target *target, const struct work_token *token,
                      int64_t now)
{
    static const int64_t active[WORK_TOKEN_STATES] = {
        [WORK_TOKEN_INACTIVE] = 0, [WORK_TOKEN_ACTIVE] = 1, [WORK_TOKEN_PERSON] = 2, [WORK_TOKEN_UNTOLD] = 0};
    struct jobdb_token *kept =
        target->album_id && token->kind == WORK_TOKEN_SOURCE ? &target->source : &target->token;
    /* which album it opens is not said of a token that is gone: the last one is kept */
    char *album = memory_string(*token->album_id || !kept->album ? token->album_id : kept->album);
    token_release(kept);
    *kept = (struct jobdb_token){
        .known = true, .state = token->state, .scope = memory_string(token->scope), .album = album};
    int which = !target->album_id                  ? SQL_SAVE_DESTINATION_TOKEN
                : token->kind == WORK_TOKEN_SOURCE ? SQL_SAVE_SOURCE_TOKEN
                                                   : SQL_SAVE_ALBUM_TOKEN;
    int64_t id = target->album_id ? target->album_id : target->destination_id;
    (void)jobdb_change(db, which, "iissi", id, active[token->state], token->scope, kept->album, now);
}

/* ---- where a destination's deliveries go ---- */

void jobdb_save_home(struct jobdb *db, struct jobdb_target *target, const char *album, bool settled)
{
    char *home = memory_string(album);
    free(target->home);
    target->home = home;
    target->home_stored = settled ? -1 : target->stored;
    (void)jobdb_change(db, SQL_SAVE_HOME, "isi", target->destination_id, album, target->home_stored);
}
