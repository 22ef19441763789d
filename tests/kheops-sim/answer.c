#include "tests/kheops-sim/answer.h"

#include "common/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void answer_release(struct answer *answer)
{
    text_release(&answer->body);
}

void answer_text(struct answer *answer, int status, const char *text)
{
    answer->status = status;
    snprintf(answer->content_type, sizeof answer->content_type, "%s", *text ? "text/plain" : "");
    text_clear(&answer->body);
    text_append(&answer->body, text);
}

void answer_json(struct answer *answer, int status, const char *content_type, json_t *json)
{
    answer->status = status;
    snprintf(answer->content_type, sizeof answer->content_type, "%s", content_type);
    text_clear(&answer->body);
    char *text = json_dumps(json, JSON_COMPACT);
    text_append(&answer->body, text ? text : "");
    free(text);
    json_decref(json);
}

void answer_error(struct answer *answer, int status, const char *message, const char *detail)
{
    answer_json(answer, status, "application/json",
                json_pack("{s:s, s:s}", "message", message, "detail", detail));
}

enum answer_form answer_choose(const char *accept)
{
    if (!accept || !*accept || strstr(accept, "application/dicom+json") || strstr(accept, "*/*") ||
        strstr(accept, "application/*"))
        return ANSWER_DICOM_JSON;
    if (strstr(accept, "application/dicom+xml"))
        return ANSWER_DICOM_XML;
    return strstr(accept, "application/json") ? ANSWER_JSON : ANSWER_FORMS;
}

/* ---- a STOW answer as DICOM JSON; XML is made from it ---- */

static void set_string(json_t *item, const char *tag, const char *vr, const char *value)
{
    json_object_set_new(item, tag, json_pack("{s:s, s:[s]}", "vr", vr, "Value", value));
}

static void set_number(json_t *item, const char *tag, unsigned value)
{
    json_object_set_new(item, tag, json_pack("{s:s, s:[i]}", "vr", "US", "Value", (int)value));
}

static void set_url(json_t *item, const char *url)
{
    set_string(item, "00081190", "UR", url);
}

static json_t *reference(const struct stored_item *item, const char *root)
{
    json_t *json = json_object();
    set_string(json, "00081150", "UI", item->sop_class);
    set_string(json, "00081155", "UI", item->sop);
    if (item->stored) {
        AUTO(text_release) struct text url = TEXT_EMPTY;
        text_format(&url, "%s/studies/%s/series/%s/instances/%s", root, item->study, item->series, item->sop);
        set_url(json, text_string(&url));
    }
    if (item->reason)
        set_number(json, item->stored ? "00081196" : "00081197", item->reason);
    if (item->tag_count) {
        json_t *values = json_array();
        for (unsigned i = 0; i < item->tag_count; i++)
            json_array_append_new(values, json_sprintf("%u", item->tags[i]));
        json_object_set_new(json, "00001005", json_pack("{s:s, s:o}", "vr", "LO", "Value", values));
    }
    return json;
}

static void set_sequence(json_t *answer, const char *tag, json_t *items)
{
    if (json_array_size(items))
        json_object_set_new(answer, tag, json_pack("{s:s, s:O}", "vr", "SQ", "Value", items));
    json_decref(items);
}

static json_t *stored_json(const char *root, const struct stored_item *items, size_t count, unsigned unnamed)
{
    json_t *answer = json_object(), *stored = json_array(), *failed = json_array(), *other = json_array();
    bool one_study = true;
    const char *study = NULL;
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(items[i].stored ? stored : failed, reference(&items[i], root));
        if (items[i].stored) {
            one_study &= !study || strcmp(study, items[i].study) == 0;
            study = items[i].study;
        }
    }
    for (unsigned i = 0; i < unnamed; i++) {
        json_t *item = json_object();
        set_number(item, "00081197", 0x0110);
        json_array_append_new(other, item);
    }
    AUTO(text_release) struct text url = TEXT_EMPTY;
    if (study && one_study)
        text_format(&url, "%s/studies/%s", root, study);
    set_url(answer, text_string(&url));
    set_sequence(answer, "00081198", failed);
    set_sequence(answer, "00081199", stored);
    set_sequence(answer, "0008119A", other);
    return answer;
}

static const struct keyword {
    const char *tag, *keyword;
} keywords[] = {{"00001005", "AttributeIdentifierList"},
                {"00081150", "ReferencedSOPClassUID"},
                {"00081155", "ReferencedSOPInstanceUID"},
                {"00081190", "RetrieveURL"},
                {"00081196", "WarningReason"},
                {"00081197", "FailureReason"},
                {"00081198", "FailedSOPSequence"},
                {"00081199", "ReferencedSOPSequence"},
                {"0008119A", "OtherFailuresSequence"}};

static const char *keyword_of(const char *tag)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keywords[i].tag, tag) == 0)
            return keywords[i].keyword;
    return "";
}

static void append_attribute(struct text *out, const char *tag, const json_t *attribute);

static void append_attributes(struct text *out, const json_t *item)
{
    for (void *i = json_object_iter((json_t *)item); i; i = json_object_iter_next((json_t *)item, i))
        append_attribute(out, json_object_iter_key(i), json_object_iter_value(i));
}

/* Native DICOM Model (PS3.19 A.1). No value in here needs escaping: UIDs, numbers, our own URL. */
static void append_attribute(struct text *out, const char *tag, const json_t *attribute)
{
    const char *vr = json_string_value(json_object_get(attribute, "vr"));
    text_format(out, "<DicomAttribute keyword=\"%s\" tag=\"%s\" vr=\"%s\">", keyword_of(tag), tag, vr);
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(attribute, "Value"), i, value)
    {
        if (json_is_object(value)) {
            text_format(out, "<Item number=\"%zu\">", i + 1);
            append_attributes(out, value);
            text_append(out, "</Item>");
        } else if (json_is_string(value)) {
            text_format(out, "<Value number=\"%zu\">%s</Value>", i + 1, json_string_value(value));
        } else {
            text_format(out, "<Value number=\"%zu\">%lld</Value>", i + 1,
                        (long long)json_integer_value(value));
        }
    }
    text_append(out, "</DicomAttribute>");
}

void answer_stored(struct answer *answer, enum answer_form form, const char *root,
                   const struct stored_item *items, size_t count, unsigned unnamed)
{
    size_t stored = 0;
    for (size_t i = 0; i < count; i++)
        stored += items[i].stored;
    int status = stored == 0 ? 409 : stored == count && unnamed == 0 ? 200 : 202;
    json_t *json = stored_json(root, items, count, unnamed);
    if (form != ANSWER_DICOM_XML) {
        answer_json(answer, status, form == ANSWER_JSON ? "application/json" : "application/dicom+json",
                    json);
        return;
    }
    answer_text(answer, status,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><NativeDicomModel xml:space=\"preserve\">");
    append_attributes(&answer->body, json);
    text_append(&answer->body, "</NativeDicomModel>");
    snprintf(answer->content_type, sizeof answer->content_type, "application/dicom+xml");
    json_decref(json);
}
