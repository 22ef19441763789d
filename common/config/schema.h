/* schema - every key of felucca.yaml: its kind, default, bounds and meaning.
 *
 * One table per section. The same rows parse a file, give the defaults, print the configuration in force and
 * write its reference page, so none of these can drift apart. Inside the configuration reader only. */
#ifndef FELUCCA_CONFIG_SCHEMA_H
#define FELUCCA_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_KIND_MAP(X) /* name, what the member at offset is, as the reference says it */ \
    X(INTEGER, "int", "number")                                                               \
    X(BOOLEAN, "bool", "true or false")                                                       \
    X(DURATION, "int64_t of milliseconds", "duration")                                        \
    X(SIZE, "int64_t of bytes", "size")                                                       \
    X(CHOICE, "enum in the order of words", "word")                                           \
    X(LINE, "char *", "text")                                                                 \
    X(NAME, "char *", "name")                                                                 \
    X(AET, "char *", "AE title")                                                              \
    X(PATH, "char *, absolute", "path")                                                       \
    X(BIND, "char *", "IP address")                                                           \
    X(HOST, "char * of a struct config_source", "address, network or name")                   \
    X(URL, "char *", "URL")                                                                   \
    X(ENDPOINT, "char *", "endpoint")                                                         \
    X(DATE, "char *", "date")                                                                 \
    X(KEY, "char *", "public key")                                                            \
    X(CERTIFICATE, "char *", "subject or fingerprint")                                        \
    X(SECRET, "char *, a template", "secret")                                                 \
    X(HOOK, "char *, a template of a URL", "secret URL")                                      \
    X(PROXY, "char *, a template", "proxy")                                                   \
    X(HEADERS, "struct config_header *, and their count", "headers")                          \
    X(CONDITION, "struct condition *", "condition")                                           \
    X(UIDS, "char **, and their count", "list of UIDs")                                       \
    X(NAMES, "char **, and their count", "list of names")                                     \
    X(CAUSES, "char **, and their count", "list of causes")                                   \
    X(NETWORKS, "char **, and their count", "list of addresses")                              \
    X(RATE, "int64_t of bytes a second; 0: none", "rate")                                     \
    X(HOURS, "char **, and their count", "span of hours, or a list of them")                  \
    X(SECTION, "a struct", "mapping")                                                         \
    X(LIST, "array of structs, and their count", "list")

enum config_kind {
#define X(name, member, text) CONFIG_##name,
    CONFIG_KIND_MAP(X)
#undef X
};

struct config_section;

struct config_key {
    const char *name; /* NULL ends a table */
    enum config_kind kind;
    size_t offset; /* in the section's struct; of a SECTION: unused, its keys count from the outer one */
    size_t count_offset;      /* HEADERS, UIDS, NAMES, CAUSES, NETWORKS, HOURS, LIST */
    bool required;            /* must be written */
    const char *standard;     /* the default as it would be written; NULL: not set */
    const char *otherwise;    /* what holds without it, where standard is NULL; for the reference */
    int64_t least, most;      /* INTEGER, DURATION, SIZE, RATE */
    const char *word;         /* DURATION: means 0 */
    const char *const *words; /* CHOICE */
    const struct config_section *section; /* SECTION, LIST */
    size_t
        written_offset; /* SECTION: of a bool that is true where the file has it; 0: there is none, and it is never absent */
    const char *help;
};

struct config_section {
    const char *noun;  /* of one item: "destination"; of a SECTION its key */
    const char *label; /* the key that names an item, NULL: none */
    size_t size;       /* of a LIST's struct */
    const struct config_key *keys;
    const char *help;
};

/* `auth` of a destination and of a webhook (schema_auth.c). */
extern const struct config_section config_auth_of_destination, config_auth_of_webhook;

/* The whole file. Borrowed for ever. */
const struct config_section *config_schema(void);

/* The kind's name for people. */
const char *config_kind_text(enum config_kind kind);

/* Whether a SECTION may be left out, and is. */
bool config_section_is_absent(const void *structure, const struct config_key *key);

/* The member of a struct that a key describes. */
/* Whether its value is kept with its ${...}, for the process that uses it. */
bool config_key_is_template(const struct config_key *key);
void *config_member(void *structure, const struct config_key *key);
const void *config_member_const(const void *structure, const struct config_key *key);
/* A member that is a pointer to anything (LIST, UIDS, NAMES, CAUSES, NETWORKS). */
void *config_get_pointer(const void *structure, const struct config_key *key);
void config_set_pointer(void *structure, const struct config_key *key, void *pointer);
size_t *config_member_count(void *structure, const struct config_key *key);
size_t config_member_count_const(const void *structure, const struct config_key *key);

#endif
