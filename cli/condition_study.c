#include "cli/condition_study.h"

#include "cli/database.h"
#include "cli/option.h"
#include "cli/study_files.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/service/service.h"
#include "common/view/details.h"

#include <stdio.h>
#include <string.h>

/* ---- a measure ---- */

struct study_walk {
    const struct measure *measure;
    const struct condition_options *options;
    struct study_answers answers;
    bool holds;
};

static void study_walk_release(struct study_walk *walk)
{
    study_answers_release(&walk->answers);
}

static void print_instance_json(struct study_walk *walk, const struct study_file *file)
{
    bool holds = false;
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:o, s:o}", "series", file->series, "sop_instance", file->sop_instance,
                  "receipt", file->receipt, "read", json_from_text(file->file ? file->source : NULL),
                  "missing", json_from_text(file->missing));
    if (file->file)
        holds = measure_add(walk->measure, file->file, walk->options, object);
    else
        json_object_set_new(object, "verdict", json_null());
    walk->holds &= holds;
    json_print_line(object);
}

static void hold_instance(void *context, const struct study_file *file)
{
    struct study_walk *walk = context;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    if (walk->options->json) {
        print_instance_json(walk, file);
        return;
    }
    if (file->file)
        walk->holds &= measure_append(walk->measure, file->file, walk->options, &answer);
    else
        text_format(&answer, ": cannot be asked: %s\n", file->missing);
    walk->holds &= file->file != NULL;
    study_answers_add(&walk->answers, file->series, text_string(&answer));
}

static void print_answers(const struct study_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        AUTO(text_release) struct text line = TEXT_EMPTY;
        const struct study_answer *answer = &answers->list[i];
        text_format(&line, "series %s: ", answer->series);
        study_answers_append_count(answer->instances, &line);
        text_append(&line, answer->text);
        (void)fputs(text_string(&line), stdout);
    }
}

int condition_study_print(const struct measure *measure, const struct config *config, struct jobdb *db,
                          const char *study, const struct condition_options *options)
{
    AUTO(study_walk_release)
    struct study_walk walk = {.measure = measure, .options = options, .holds = true};
    int status = study_files_each("condition", config, db, study, NULL, hold_instance, &walk);
    print_answers(&walk.answers);
    if (status != EXIT_OK)
        return status;
    return walk.holds && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* ---- an album ---- */

struct album_walk {
    const struct config_destination *destination;
    const struct config_album *album;
    const json_t *shares; /* of the study, borrowed */
    struct study_answers answers;
    bool json, missed; /* missed: it would get a series now that it was never asked for */
};

static void album_walk_release(struct album_walk *walk)
{
    study_answers_release(&walk->answers);
}

/* The share of a series, borrowed; NULL: there is none. */
static const json_t *find_share(const struct album_walk *walk, const char *series)
{
    const json_t *share;
    size_t index;
    json_array_foreach(walk->shares, index, share)
    {
        if (strcmp(json_text(share, "series"), series) == 0 &&
            strcmp(json_text(share, "album"), walk->album->name) == 0 &&
            strcmp(json_text(share, "destination"), walk->destination->name) == 0)
            return share;
    }
    return NULL;
}

static void ask_instance(void *context, const struct study_file *file)
{
    static const struct condition_options options = {.json = false};
    struct album_walk *walk = context;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(json_release) json_t *object = NULL;
    if (walk->json) {
        object = file->file ? condition_album_json(walk->destination, walk->album, file->file, &options)
                            : json_pack("{s:s}", "missing", file->missing);
        json_append(object, &answer);
    } else if (file->file) {
        walk->missed |= condition_album_append(walk->destination, walk->album, file->file, &options, 4,
                                               &answer) == CONDITION_TRUE &&
                        !find_share(walk, file->series);
    } else {
        text_format(&answer, "    cannot be asked: %s\n", file->missing);
    }
    study_answers_add(&walk->answers, file->series, text_string(&answer));
}

static void print_series_head(const struct album_walk *walk, const char *series)
{
    const json_t *share = find_share(walk, series);
    const char *state = share ? json_text(share, "state") : "it was never asked for";
    const char *why = share ? json_text(share, "waits") : "";
    if (share && !*why)
        why = json_text(share, "reason");
    (void)printf("series %s\n  album %s/%s: %s%s%s\n", series, walk->destination->name, walk->album->name,
                 state, *why ? ": " : "", why);
}

static void print_album(const struct album_walk *walk, const char *study)
{
    const char *last = "";
    for (size_t i = 0; i < walk->answers.count; i++) {
        AUTO(text_release) struct text count = TEXT_EMPTY;
        const struct study_answer *answer = &walk->answers.list[i];
        if (strcmp(last, answer->series) != 0)
            print_series_head(walk, answer->series);
        study_answers_append_count(answer->instances, &count);
        (void)printf("  %s, by the configuration of now:\n%s", text_string(&count), answer->text);
        last = answer->series;
    }
    if (walk->missed)
        (void)printf("What meets its condition now, and was not asked for then, it gets with\n"
                     "    felucca reshare --album %s --destination %s --study %s\n",
                     walk->album->name, walk->destination->name, study);
}

static void print_album_json(const struct album_walk *walk, const char *study)
{
    for (size_t i = 0; i < walk->answers.count; i++) {
        const struct study_answer *answer = &walk->answers.list[i];
        const json_t *share = find_share(walk, answer->series);
        json_t *object = json_loads(answer->text, 0, NULL);
        AUTO(json_release)
        json_t *head = json_pack(
            "{s:s, s:s, s:s, s:s, s:o, s:o, s:I}", "study", study, "series", answer->series, "destination",
            walk->destination->name, "album", walk->album->name, "state",
            json_from_text(json_text_or_null(share, "state")), "reason",
            json_from_text(json_text_or_null(share, "reason")), "instances", (json_int_t)answer->instances);
        json_object_set_new(head, "answer", object ? object : json_null());
        json_print_line(json_incref(head));
    }
}

static int print_one_album(struct album_walk *walk, const struct config *config, struct jobdb *db,
                           const char *study, const char *series)
{
    AUTO(json_release) json_t *shares = details_ask(db, JOBDB_ASK_SHARES, study, series, 0);
    walk->shares = shares;
    int status = study_files_each("show", config, db, study, series, ask_instance, walk);
    if (status == EXIT_OK && walk->json)
        print_album_json(walk, study);
    else if (status == EXIT_OK)
        print_album(walk, study);
    return status;
}

int condition_study_print_album(const struct config *config, struct jobdb *db, const char *study,
                                const char *series, const char *album, bool json)
{
    AUTO(text_release) struct text albums = TEXT_EMPTY;
    int status = EXIT_USAGE;
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count && status != EXIT_NO; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            AUTO(album_walk_release)
            struct album_walk walk = {destination, config_find_album(destination, album), .json = json};
            for (size_t a = 0; a < destination->album_count; a++)
                text_format(&albums, "%s\n", destination->albums[a].name);
            if (walk.album)
                status = print_one_album(&walk, config, db, study, series);
        }
    }
    if (status == EXIT_USAGE)
        (void)option_check_word("show", "album", text_string(&albums), album);
    return fflush(stdout) == 0 ? status : EXIT_NO;
}
