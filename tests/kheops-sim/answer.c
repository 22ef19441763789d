#include "tests/kheops-sim/answer.h"

#include "common/base/cleanup.h"
#include "tests/kheops-sim/error_page.h"

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

/* What is in braces, as the simulator says it. */
static void append_word(struct text *out, const char *word, int status, const char *accept)
{
    if (string_starts_with(word, "any "))
        text_append(out, word + 4);
    else if (string_starts_with(word, "page "))
        error_page_tomcat(status, accept, out);
    else if (string_starts_with(word, "nginx "))
        error_page_nginx(status, out);
    else
        text_format(out, "{%s}", word);
}

static void take_header(struct answer *answer, const char *line)
{
    if (string_starts_with(line, "Content-Type: "))
        snprintf(answer->content_type, sizeof answer->content_type, "%s", line + 14);
    else if (string_starts_with(line, "WWW-Authenticate: "))
        snprintf(answer->authenticate, sizeof answer->authenticate, "%s", line + 18);
}

void answer_recorded(struct answer *answer, const struct recorded *recorded, const char *accept)
{
    answer_text(answer, recorded->status, "");
    *answer->authenticate = '\0';
    for (size_t i = 0; i < recorded->headers.count; i++)
        take_header(answer, recorded->headers.lines[i]);
    for (const char *at = recorded->body ? recorded->body : ""; *at;) {
        AUTO(text_release) struct text word = TEXT_EMPTY;
        if (recorded_take_word(&at, &word))
            append_word(&answer->body, text_string(&word), recorded->status, accept);
        else
            text_append_char(&answer->body, *at++);
    }
    /* KHEOPS can write its errors as JSON only: who does not ask for that gets a page. */
    if (strcmp(answer->content_type, "application/json") == 0 && recorded->status >= 403 &&
        !(accept && strstr(accept, "application/json"))) {
        text_clear(&answer->body);
        error_page_tomcat(recorded->status, accept, &answer->body);
        snprintf(answer->content_type, sizeof answer->content_type, "text/html;charset=utf-8");
    }
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

/* Orthanc's class of every item but the first has an empty value in front. */
static void set_class(json_t *json, const char *sop_class, bool first)
{
    if (first)
        set_string(json, "00081150", "UI", sop_class);
    else
        json_object_set_new(json, "00081150", json_pack("{s:s, s:[n, s]}", "vr", "UI", "Value", sop_class));
}

/* A RetrieveURL is as long as those of all items before it, and the first part of the last one. So its length stands for it
 * until the answer is a text: of 50 items it would be written, checked and copied many times else, 4 KB an item. */
#define URL_MARK "@url:"

static void set_item_url(json_t *item, const struct text *url)
{
    char mark[sizeof URL_MARK + 20];
    snprintf(mark, sizeof mark, URL_MARK "%zu", url->length);
    set_url(item, mark);
}

/* Puts the URLs where their marks are. What JSON or XML would escape is in none: UIDs that were stored, our own root. */
static void put_urls(struct text *body, const struct text *url)
{
    struct text with_urls = TEXT_EMPTY;
    const char *at = text_string(body), *mark;
    while ((mark = strstr(at, URL_MARK))) {
        char *behind;
        size_t length = strtoul(mark + strlen(URL_MARK), &behind, 10);
        text_append_bytes(&with_urls, at, (size_t)(mark - at));
        text_append_bytes(&with_urls, url->bytes, length < url->length ? length : url->length);
        at = behind;
    }
    text_append(&with_urls, at);
    text_release(body);
    *body = with_urls;
}

/* KHEOPS builds all URLs of an answer with one builder, which appends: url is that of the item before. */
static json_t *stored_reference(const struct stored_item *item, bool first, struct text *url)
{
    json_t *json = json_object();
    set_class(json, item->sop_class, first);
    set_string(json, "00081155", "UI", item->sop);
    text_format(url, "/studies/%s/series/%s/instances/%s", item->study, item->series, item->sop);
    set_item_url(json, url);
    if (item->reason)
        set_number(json, "00081196", item->reason);
    return json;
}

static json_t *failed_reference(const struct stored_item *item)
{
    json_t *json = json_object();
    if (item->tag_count) {
        json_t *values = json_array();
        for (unsigned i = 0; i < item->tag_count; i++)
            json_array_append_new(values, json_sprintf("%u", item->tags[i]));
        json_object_set_new(json, "00001005", json_pack("{s:s, s:o}", "vr", "LO", "Value", values));
    }
    set_class(json, item->sop_class, true);
    set_string(json, "00081155", "UI", item->sop);
    set_number(json, "00081197", item->reason);
    return json;
}

/* An empty one has no Value. */
static void set_sequence(json_t *answer, const char *tag, json_t *items)
{
    json_t *sequence = json_pack("{s:s}", "vr", "SQ");
    if (json_array_size(items))
        json_object_set(sequence, "Value", items);
    json_decref(items);
    json_object_set_new(answer, tag, sequence);
}

/* Appends "/studies/UID" when something was stored, and all of it belongs to that study. */
static bool append_study(const struct stored_item *items, size_t count, struct text *url)
{
    const char *study = NULL;
    for (size_t i = 0; i < count; i++) {
        if (items[i].stored && study && strcmp(study, items[i].study) != 0)
            return false;
        if (items[i].stored)
            study = items[i].study;
    }
    if (study)
        text_format(url, "/studies/%s", study);
    return study != NULL;
}

/* url: becomes the longest RetrieveURL. */
static json_t *stored_json(const char *root, const struct stored_item *items, size_t count, unsigned unnamed,
                           struct text *url)
{
    json_t *answer = json_object(), *stored = json_array(), *failed = json_array(), *other = json_array();
    text_append(url, root);
    if (append_study(items, count, url))
        set_url(answer, text_string(url));
    for (size_t i = 0; i < count; i++) {
        if (items[i].stored)
            json_array_append_new(stored, stored_reference(&items[i], json_array_size(stored) == 0, url));
        else
            json_array_append_new(failed, failed_reference(&items[i]));
    }
    for (unsigned i = 0; i < unnamed; i++) {
        json_t *item = json_object();
        set_number(item, "00081197", 0x0110);
        json_array_append_new(other, item);
    }
    set_sequence(answer, "00081198", failed);
    set_sequence(answer, "00081199", stored);
    if (unnamed)
        set_sequence(answer, "0008119A", other);
    else
        json_decref(other);
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
        } else if (json_is_null(value)) {
            continue;
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
    int status = stored == count && unnamed == 0 ? 200 : 202;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    json_t *json = stored_json(root, items, count, unnamed, &url);
    if (form != ANSWER_DICOM_XML) {
        answer_json(answer, status, form == ANSWER_JSON ? "application/json" : "application/dicom+json",
                    json);
        put_urls(&answer->body, &url);
        return;
    }
    answer_text(answer, status,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><NativeDicomModel xml:space=\"preserve\">");
    append_attributes(&answer->body, json);
    text_append(&answer->body, "</NativeDicomModel>");
    put_urls(&answer->body, &url);
    snprintf(answer->content_type, sizeof answer->content_type, "application/dicom+xml");
    json_decref(json);
}
