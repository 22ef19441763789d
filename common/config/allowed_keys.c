#include "common/config/allowed_keys.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LENGTH = 40, KEYS_MOST = 10000 };

struct entry {
    char key[KEY_LENGTH + 1];
    char *name;
    unsigned line;
};

struct allowed_keys {
    struct entry *entries;
    size_t count, capacity;
};

void allowed_keys_destroy(struct allowed_keys **keys)
{
    if (!*keys)
        return;
    for (size_t i = 0; i < (*keys)->count; i++)
        free((*keys)->entries[i].name);
    free((*keys)->entries);
    memory_free(keys);
}

size_t allowed_keys_count(const struct allowed_keys *keys)
{
    return keys->count;
}

static const struct entry *allowed_keys_find(const struct allowed_keys *keys, const char *public_key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->entries[i].key, public_key) == 0)
            return &keys->entries[i];
    return NULL;
}

const char *allowed_keys_name(const struct allowed_keys *keys, const char *public_key)
{
    const struct entry *entry = allowed_keys_find(keys, public_key);
    return entry ? entry->name : NULL;
}

/* ---- the file ---- */

static void trim(char **text)
{
    static const char blank[] = " \t\r\n";
    *text += strspn(*text, blank);
    size_t length = strlen(*text);
    while (length > 0 && strchr(blank, (*text)[length - 1]))
        (*text)[--length] = '\0';
}

static bool is_key(const char *word)
{
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    return config_value_check_key(word, &ignored) == 0;
}

/* The word that `felucca keys` prints in front of a key was copied with it. */
static const char *word_in_front(const char *word)
{
    if (strcmp(word, "public") == 0)
        return "begins with the word \"public\"; leave it out";
    if (strcmp(word, "secret") == 0)
        return "begins with the word \"secret\"; the list has public keys only, and a secret one that was "
               "shown to others should be replaced";
    return "does not begin with a public key; a key has 40 characters, as `felucca keys` prints it, and a "
           "name may follow behind a blank";
}

/* Takes one line. 0, or ERR_SYNTAX with a sentence. */
static int take_line(struct allowed_keys *keys, char *text, unsigned line, struct text *reason)
{
    trim(&text);
    char *name = text + strcspn(text, " \t");
    if (*name)
        *name++ = '\0';
    trim(&name);
    if (text[0] == '#' && !is_key(text))
        return 0;
    if (text[0] == '#') { /* the letters of a key include it */
        text_append(reason, "may be a comment or a key; write a blank behind #, or make another key");
        return ERR_SYNTAX;
    }
    if (!is_key(text)) {
        text_append(reason, word_in_front(text));
        return ERR_SYNTAX;
    }
    const struct entry *twin = allowed_keys_find(keys, text);
    if (twin) {
        text_format(reason, "is the key of line %u once more; write each key once", twin->line);
        return ERR_SYNTAX;
    }
    keys->entries = memory_grow(keys->entries, &keys->capacity, keys->count + 1, sizeof *keys->entries);
    struct entry *entry = &keys->entries[keys->count++];
    memcpy(entry->key, text, KEY_LENGTH + 1);
    entry->name = memory_string(name);
    entry->line = line;
    return 0;
}

static int take_lines(struct allowed_keys *keys, FILE *file, const char *path, struct text *errors)
{
    AUTO(memory_free) char *buffer = NULL;
    size_t capacity = 0;
    ssize_t length;
    int code = 0;
    for (unsigned line = 1; (length = getline(&buffer, &capacity, file)) >= 0; line++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        if (memchr(buffer, '\0', (size_t)length))
            text_append(&reason, "holds a NUL byte; this is no text file");
        else if (keys->count >= KEYS_MOST)
            text_format(&reason, "is one line too many behind %d keys, which are the most", KEYS_MOST);
        else if (buffer[strspn(buffer, " \t\r\n")] == '\0' || take_line(keys, buffer, line, &reason) == 0)
            continue;
        text_format(errors, "%s:%u: %s\n", path, line, text_string(&reason));
        code = ERR_CONFIG;
    }
    return code;
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

int allowed_keys_load(const char *path, struct allowed_keys **ret_keys, struct text *errors)
{
    AUTO(allowed_keys_destroy) struct allowed_keys *keys = memory_new(1, sizeof *keys);
    AUTO(close_file) FILE *file = fopen(path, "re");
    int code = file ? take_lines(keys, file, path, errors) : ERR_CONFIG;
    if (!file || ferror(file)) {
        text_format(errors, "%s: cannot be read: %s\n", path, strerror(errno));
        return ERR_CONFIG;
    }
    if (code != 0)
        return code;
    *ret_keys = keys;
    keys = NULL;
    return 0;
}
