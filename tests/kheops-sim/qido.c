/* qido - GET …/studies, /series, /instances, …/metadata: what a token may see; and the fetch that makes
 * it visible (call.h). */
#include "common/dicom/uid.h"
#include "tests/kheops-sim/call.h"

#include <stdlib.h>
#include <string.h>

/* The token, when it may read; NULL when the answer is in the call. With the lock held. */
static struct token *reader(struct call *call)
{
    struct token *token;
    bool active = call_credential(call, "Authorization", &token) == CREDENTIAL_ACTIVE;
    if (active && token_can(token, SCOPE_READ) && !call->sim->model->away[PART_DATABASE])
        return token;
    call_answer(call, "qido: refused");
    return NULL;
}

static bool sees(const struct token *token, const struct series *series)
{
    return series->visible && series->instance_count > 0 &&
           (!token->album || series_member(series, token->album));
}

static bool sees_study(const struct token *token, const struct study *study)
{
    for (size_t i = 0; study && i < study->series_count; i++)
        if (sees(token, study->series[i]))
            return true;
    return false;
}

static void set(json_t *item, const char *tag, const char *vr, const char *value)
{
    json_t *text = json_string(value);
    if (text)
        json_object_set_new(item, tag, json_pack("{s:s, s:[o]}", "vr", vr, "Value", text));
}

/* Adds one match, unless ?offset= and ?limit= leave it out. */
static void add_match(struct call *call, json_t *matches, size_t *number, json_t *match)
{
    const char *offset = call_argument(call, "offset"), *limit = call_argument(call, "limit");
    size_t first = offset ? strtoul(offset, NULL, 10) : 0;
    size_t most = limit ? strtoul(limit, NULL, 10) : SIZE_MAX;
    if ((*number)++ >= first && json_array_size(matches) < most)
        json_array_append_new(matches, match);
    else
        json_decref(match);
}

static void answer_matches(struct call *call, json_t *matches)
{
    if (json_array_size(matches)) {
        answer_json(&call->answer, 200, "application/dicom+json", matches);
        return;
    }
    json_decref(matches);
    answer_text(&call->answer, 204, "");
}

void qido_studies(struct call *call)
{
    struct model *model = call->sim->model;
    size_t number = 0;
    model_lock(model);
    struct token *token = reader(call);
    if (token) {
        json_t *matches = json_array();
        const char *wanted = call_argument(call, "StudyInstanceUID");
        for (size_t i = 0; i < model->study_count; i++) {
            const struct study *study = model->studies[i];
            if (!sees_study(token, study) || (wanted && strcmp(wanted, study->uid) != 0))
                continue;
            json_t *match = json_object();
            set(match, "0020000D", "UI", study->uid);
            add_match(call, matches, &number, match);
        }
        answer_matches(call, matches);
    }
    model_unlock(model);
}

/* Of a study that the token sees a filter may leave nothing: an empty list. */
static void answer_series(struct call *call, json_t *matches)
{
    if (json_array_size(matches) || !call_argument(call, "SeriesInstanceUID"))
        answer_matches(call, matches);
    else
        answer_json(&call->answer, 200, "application/dicom+json", matches);
}

void qido_series(struct call *call)
{
    const char *wanted = call_argument(call, "SeriesInstanceUID");
    size_t number = 0;
    model_lock(call->sim->model);
    struct token *token = reader(call);
    struct study *study = study_find(call->sim->model, call->study);
    if (token && !sees_study(token, study)) {
        call_answer(call, "no such path");
    } else if (token) {
        json_t *matches = json_array();
        for (size_t i = 0; i < study->series_count; i++) {
            const struct series *series = study->series[i];
            if (!sees(token, series) || (wanted && strcmp(wanted, series->uid) != 0))
                continue;
            json_t *match = json_object();
            set(match, "00080060", "CS", series->attributes[ATTRIBUTE_MODALITY]);
            set(match, "0020000D", "UI", study->uid);
            set(match, "0020000E", "UI", series->uid);
            add_match(call, matches, &number, match);
        }
        answer_series(call, matches);
    }
    model_unlock(call->sim->model);
}

void qido_instances(struct call *call)
{
    size_t number = 0;
    model_lock(call->sim->model);
    struct token *token = reader(call);
    struct study *study = study_find(call->sim->model, call->study);
    struct series *series = study ? series_find(study, call->series) : NULL;
    if (token && (!series || !sees(token, series))) {
        call_answer(call, "qido: refused");
    } else if (token) {
        json_t *matches = json_array();
        for (size_t i = 0; i < series->instance_count; i++) {
            json_t *match = json_object();
            set(match, "00080016", "UI", series->instances[i]->sop_class);
            set(match, "00080018", "UI", series->instances[i]->sop);
            set(match, "0020000D", "UI", study->uid);
            set(match, "0020000E", "UI", series->uid);
            add_match(call, matches, &number, match);
        }
        answer_matches(call, matches);
    }
    model_unlock(call->sim->model);
}

/* ---- metadata ---- */

static const struct {
    const char *tag, *vr;
    bool of_series;
} told[ATTRIBUTES] = {[ATTRIBUTE_STUDY_DATE] = {"00080020", "DA", false},
                      [ATTRIBUTE_STUDY_TIME] = {"00080030", "TM", false},
                      [ATTRIBUTE_ACCESSION_NUMBER] = {"00080050", "SH", false},
                      [ATTRIBUTE_MODALITY] = {"00080060", "CS", true},
                      [ATTRIBUTE_REFERRING_PHYSICIAN] = {"00080090", "PN", false},
                      [ATTRIBUTE_TIME_ZONE] = {"00080201", "SH", false},
                      [ATTRIBUTE_STUDY_DESCRIPTION] = {"00081030", "LO", false},
                      [ATTRIBUTE_SERIES_DESCRIPTION] = {"0008103E", "LO", true},
                      [ATTRIBUTE_PATIENT_NAME] = {"00100010", "PN", false},
                      [ATTRIBUTE_PATIENT_ID] = {"00100020", "LO", false},
                      [ATTRIBUTE_BIRTH_DATE] = {"00100030", "DA", false},
                      [ATTRIBUTE_SEX] = {"00100040", "CS", false},
                      [ATTRIBUTE_BODY_PART] = {"00180015", "CS", true},
                      [ATTRIBUTE_STUDY_ID] = {"00200010", "SH", false},
                      [ATTRIBUTE_SERIES_NUMBER] = {"00200011", "IS", true}};

static void set_attribute(json_t *item, size_t attribute, const char *value)
{
    const char *vr = told[attribute].vr, *tag = told[attribute].tag;
    if (!tag || !value || !*value)
        return;
    if (strcmp(vr, "PN") == 0)
        json_object_set_new(item, tag, json_pack("{s:s, s:[{s:s}]}", "vr", vr, "Value", "Alphabetic", value));
    else if (strcmp(vr, "IS") == 0)
        json_object_set_new(item, tag,
                            json_pack("{s:s, s:[I]}", "vr", vr, "Value", (json_int_t)atoll(value)));
    else
        set(item, tag, vr, value);
}

/* What this PACS remembers of an instance, in the form of Orthanc's answer. */
static json_t *metadata_of(const struct series *series, const struct instance *instance)
{
    json_t *item = json_object();
    set(item, "00080005", "CS", "ISO_IR 192");
    set(item, "00080016", "UI", instance->sop_class);
    set(item, "00080018", "UI", instance->sop);
    set(item, "0020000D", "UI", series->study->uid);
    set(item, "0020000E", "UI", series->uid);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        set_attribute(item, i, told[i].of_series ? series->attributes[i] : series->study->attributes[i]);
    json_object_set_new(item, "7FE00010",
                        json_pack("{s:s, s:s}", "vr", "OW", "BulkDataURI", "http://kheops/api/bulk"));
    return item;
}

/* KHEOPS asks for a token of the series, then its PACS; sop "": all instances of the series. */
static void answer_metadata(struct call *call, const char *sop)
{
    model_lock(call->sim->model);
    struct token *token = reader(call);
    struct study *study = study_find(call->sim->model, call->study);
    struct series *series = study ? series_find(study, call->series) : NULL;
    json_t *list = json_array();
    for (size_t i = 0; token && series && i < series->instance_count; i++)
        if (!*sop || strcmp(series->instances[i]->sop, sop) == 0)
            json_array_append_new(list, metadata_of(series, series->instances[i]));
    if (token && (!series || !sees(token, series)))
        call_answer(call, "qido: refused");
    else if (token && call->sim->model->away[PART_PACS])
        answer_text(&call->answer, 502, "");
    else if (token && json_array_size(list) == 0)
        call_answer(call, "no such path");
    else if (token)
        answer_json(&call->answer, 200, "application/dicom+json", json_incref(list));
    json_decref(list);
    model_unlock(call->sim->model);
}

void metadata_series(struct call *call)
{
    answer_metadata(call, "");
}

void metadata_instance(struct call *call)
{
    answer_metadata(call, call->sop);
}

/* POST /api/studies/{study}/fetch: any valid token will do. */
void fetch_study(struct call *call)
{
    struct token *token;
    model_lock(call->sim->model);
    if (call->sim->model->away[PART_DATABASE]) {
        call_answer(call, "share: trouble inside");
    } else if (call_credential(call, "Authorization", &token) != CREDENTIAL_ACTIVE) {
        call_answer(call, "fetch: token refused");
    } else if (!uid_is_oid(call->study)) {
        call_answer(call, "share: study is no OID");
    } else {
        struct study *study = study_find(call->sim->model, call->study);
        if (study && !call->sim->model->away[PART_PACS])
            study_fetched(call->sim->model, study);
        call_answer(call, "fetch: done");
    }
    model_unlock(call->sim->model);
}

/* GET /api/readiness asks the database, /api/liveness nobody. Neither needs a token. */
void readiness_show(struct call *call)
{
    model_lock(call->sim->model);
    call_answer(call, call->sim->model->away[PART_DATABASE] ? "database away: readiness" : "readiness");
    model_unlock(call->sim->model);
}

void liveness_show(struct call *call)
{
    call_answer(call, "liveness");
}
