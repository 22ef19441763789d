/* template - HTML made of a template without logic and a JSON document: the bridge to Debian's Mustache for C++.
 *
 * https://mustache.github.io/mustache.5.html: variables, sections, inverted sections, comments. Every variable is
 * escaped; what would not be ({{{x}}}, {{&x}}), and other delimiters, are refused when a template is made. "{{> name}}"
 * is put in place by assets.c before, so that a value can never become a template. */
#ifndef FELUCCA_CONSOLE_TEMPLATE_H
#define FELUCCA_CONSOLE_TEMPLATE_H

#ifdef __cplusplus
extern "C" {
#endif

struct template_page;
struct text;
struct json_t;

/* 0; ERR_SYNTAX with a sentence in ret_reason. */
int template_create(const char *source, struct template_page **ret_template, struct text *reason);
void template_destroy(struct template_page **page);

/* Appends. null and false are no section, an empty array is none; true, a text, a number and an object are one. A text that
 * is no UTF-8 is not possible in jansson. */
void template_render(struct template_page *page, const struct json_t *document, struct text *out);

#ifdef __cplusplus
}
#endif

#endif
