/* page - one noun of the console: its document, which is the page's JSON, and from which its table and its HTML are
 * made.
 *
 * A document has "page", "at" (when it was read) and "headline", a sentence with the state in it; what else is in it,
 * docs/console.md says. Times are ISO 8601 UTC. It never holds a token, a value that may identify a patient, or a number that
 * people look for. */
#ifndef FELUCCA_CONSOLE_PAGE_H
#define FELUCCA_CONSOLE_PAGE_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/view/surroundings.h"
#include "console/asked.h"
#include "console/who.h"

#include <stdbool.h>
#include <stdint.h>

struct errands;

/* What a document is made of; borrowed during the call. */
struct page_question {
    const struct config *config;
    struct jobdb *db;
    const struct surroundings *around;
    const struct asked *asked;
    const struct who *who;   /* for shape alone: a document is the same for all who may have it */
    struct errands *errands; /* what operators have asked; NULL: nothing */
    int64_t now;             /* wall ms */
    unsigned
        *status; /* 200; 404: there is no such thing; 400: a parameter is none, with a sentence in reason */
    struct text *reason;
};

struct page {
    const char *name;
    const char *title;
    bool has_item;
    bool is_aside;          /* the bar of pages does not name it */
    const char *parameters; /* its own, with blanks between them */
    const char *rows;       /* the member that is the table; NULL: it has none */
    json_t *(*read)(const struct page_question *question); /* a new reference; NULL: see status */
    /* Adds to the document what only its template needs; NULL: nothing. */
    void (*shape)(const struct page_question *question, json_t *document);
};

/* Borrowed for ever; NULL: there is none. index counts from 0. */
const struct page *page_find(const char *name);
const struct page *page_at(size_t index);

extern const struct page page_now, page_studies, page_study, page_trouble, page_albums, page_sources,
    page_tokens, page_journal, page_change, page_found, page_why, page_try, page_tried;

/* A document's beginning. */
json_t *page_document(const struct page_question *question, const char *name);
/* "1 study", "2 studies" with commas in the number: appended. */
void page_append_count(struct text *out, int64_t count, const char *one, const char *many);
/* What a target is called: "main" or "main/album". */
void page_append_target(struct text *out, const char *destination, const char *album);
/* The number that a parameter is, from 1 to most; without it *ret_number stays. False: it is none. */
bool page_take_number(const struct page_question *question, const char *name, int64_t most,
                      int64_t *ret_number);
/* Refuses a parameter's value. */
json_t *page_refuse(const struct page_question *question, const char *sentence);

#endif
