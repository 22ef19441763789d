/* page - GET /: the albums and what is in them, for people (call.h). */
#include "tests/kheops-sim/call.h"

#include "common/base/memory.h"

static const char head[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Simulated KHEOPS</title>"
    "<meta http-equiv=\"refresh\" content=\"2\"><style>"
    "body{font-family:sans-serif;margin:2em;color:#222}table{border-collapse:collapse;margin-bottom:2em}"
    "th,td{border-bottom:1px solid #ccc;padding:.3em .8em;text-align:left}td.n{text-align:right}"
    "code{font-size:85%}</style><h1>Simulated KHEOPS</h1>";

static void append_escaped(struct text *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text < ' ' || *text > '~')
            text_append_char(out, '?');
        else if (*text == '<' || *text == '&' || *text == '>' || *text == '"')
            text_format(out, "&#%d;", *text);
        else
            text_append_char(out, *text);
    }
}

static void append_cell(struct text *out, const char *text)
{
    text_append(out, "<td>");
    append_escaped(out, text);
}

static void append_series(struct text *out, const struct series *series, const struct member *member)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < series->instance_count; i++)
        bytes += series->instances[i]->size;
    text_append(out, "<tr>");
    append_cell(out, series->attributes[ATTRIBUTE_MODALITY]);
    append_cell(out, series->study->attributes[ATTRIBUTE_STUDY_DESCRIPTION]);
    append_cell(out, series->attributes[ATTRIBUTE_SERIES_DESCRIPTION]);
    text_format(out, "<td class=n>%zu<td class=n>", series->instance_count);
    text_append_size(out, (int64_t)bytes);
    text_format(out, "<td class=n>%u<td><code>%s</code></tr>", member->puts, series->uid);
}

static void append_album(struct text *out, const struct model *model, const struct album *album)
{
    size_t rows = 0;
    text_append(out, "<h2>");
    append_escaped(out, album->name);
    text_append(out, "</h2><table><tr><th>Modality<th>Study<th>Series<th>Instances<th>Size<th>Shared"
                     "<th>Series Instance UID</tr>");
    for (size_t i = 0; i < model->study_count; i++) {
        const struct study *study = model->studies[i];
        for (size_t k = 0; k < study->series_count; k++) {
            const struct member *member = series_member(study->series[k], album);
            if (!member || study->series[k]->instance_count == 0)
                continue;
            append_series(out, study->series[k], member);
            rows++;
        }
    }
    text_append(out, rows ? "</table>" : "<tr><td colspan=7>nothing yet</tr></table>");
}

void page_show(struct call *call)
{
    struct model *model = call->sim->model;
    answer_text(&call->answer, 200, head);
    struct text *out = &call->answer.body;
    model_lock(model);
    text_format(out, "<p>%zu instances in %zu series of %zu studies, %llu STOW requests, ",
                model->instance_count, model->series_count, model->study_count,
                (unsigned long long)model->counters.requests[KIND_STOW]);
    text_append_size(out, (int64_t)model->counters.bytes);
    text_append(out, " received.");
    for (size_t i = 0; i < model->album_count; i++)
        append_album(out, model, model->albums[i]);
    model_unlock(model);
    snprintf(call->answer.content_type, sizeof call->answer.content_type, "text/html; charset=utf-8");
}
