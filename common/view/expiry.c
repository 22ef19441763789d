#include "common/view/expiry.h"

#include "common/jobs/token_times.h"

static const char *const names[] = {[WORK_TOKEN_STOW] = "the token in headers",
                                    [WORK_TOKEN_DESTINATION] = "destination_token",
                                    [WORK_TOKEN_SOURCE] = "source_token"};
static const char *const keys[] = {[WORK_TOKEN_STOW] = "expires",
                                   [WORK_TOKEN_DESTINATION] = "destination_token_expires",
                                   [WORK_TOKEN_SOURCE] = "source_token_expires"};

const char *expiry_token_name(enum work_token_kind kind)
{
    return names[kind];
}

struct visit {
    struct jobdb *db;
    void (*each)(void *context, const struct expiry_row *row);
    void *context;
};

static void visit_token(const struct visit *visit, const struct config_destination *destination,
                        const struct config_album *album, enum work_token_kind kind)
{
    struct jobdb_token_times times = {0, 0};
    const char *date = !album                      ? destination->expires
                       : kind == WORK_TOKEN_SOURCE ? album->source_token_expires
                                                   : album->destination_token_expires;
    if (visit->db)
        jobdb_token_times_named(visit->db, destination->name, album ? album->name : NULL, kind, &times);
    const struct expiry_row row = {destination->name, album ? album->name : NULL, kind,
                                   token_expiry_of(times.expires_at, config_date_ms(date), times.first_at)};
    visit->each(visit->context, &row);
}

static void visit_destination(const struct visit *visit, const struct config_destination *destination)
{
    if (!destination->kheops)
        return;
    visit_token(visit, destination, NULL, WORK_TOKEN_STOW);
    for (size_t a = 0; a < destination->album_count; a++) {
        visit_token(visit, destination, &destination->albums[a], WORK_TOKEN_DESTINATION);
        visit_token(visit, destination, &destination->albums[a], WORK_TOKEN_SOURCE);
    }
}

void expiry_each(const struct config *config, struct jobdb *db,
                 void (*each)(void *context, const struct expiry_row *row), void *context)
{
    const struct visit visit = {db, each, context};
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t d = 0; d < config->nodes[n].destination_count; d++)
            visit_destination(&visit, &config->nodes[n].destinations[d]);
}

bool expiry_tell(const struct expiry_row *row, int64_t now, struct text *out)
{
    size_t before = out->length;
    text_format(out, "%s%s%s: ", row->destination, row->album ? "/" : "", row->album ? row->album : "");
    if (token_expiry_tell(&row->expiry, names[row->kind], keys[row->kind], now, out))
        return true;
    text_cut(out, before); /* the name alone says nothing */
    return false;
}

static void add_to_list(void *context, const struct expiry_row *row)
{
    if (row->expiry.at > 0)
        (void)json_array_append_new(context,
                                    json_pack("{s:s, s:o, s:s, s:o, s:s, s:o}", "destination",
                                              row->destination, "album", json_from_text(row->album), "token",
                                              names[row->kind], "expires_at", json_from_time(row->expiry.at),
                                              "known_by", token_expiry_source_name(row->expiry.source),
                                              "first_at", json_from_time(row->expiry.first_at)));
}

json_t *expiry_to_json(const struct config *config, struct jobdb *db)
{
    json_t *list = json_array();
    expiry_each(config, db, add_to_list, list);
    return list;
}
