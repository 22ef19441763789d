#include "tests/support/golden.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/require.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static const struct mask {
    const char *pattern, *word;
} masks[] = {
    /* what the sandbox is on */
    {"note   state_dir is on .*\n", ""},
    {"\\{\"verdict\":\"note\",\"sentence\":\"state_dir is on .*\n", ""},
    {"[0-9][0-9.]* [KMGT]?i?B free", "FREE free"},
    {"_bytes\":[0-9]+", "_bytes\":SIZE"},
    {"FREE free(, [0-9]+ inodes)?", "FREE free"},
    {"_inodes\":([0-9]+|null)", "_inodes\":COUNT"},
    {"[0-9]+ [KMGT]?i?B file", "SIZE file"},
    {" *[0-9]+ (ms|s|min|h|d)($|[^a-zA-Z0-9])", " DURATION\\2"},
    {"process [0-9]+", "process PID"},
    {"version\":\"" FELUCCA_VERSION "\",\"commit\":\"[0-9a-f]{12}(\\+changes)?\"",
     "version\":\"VERSION\",\"commit\":\"COMMIT\""},
    {"\"since\":\"20[0-9TZ:.-]+\"", "\"since\":\"TIME\""},
    {"since [0-9]+ [A-Z][a-z]+( 20[0-9]+)?", "since DAY"},
    {"felucca " FELUCCA_VERSION ", commit [0-9a-f]{12}(\\+changes)?", "felucca VERSION, commit COMMIT"},
};

static void append_replacement(struct text *out, const char *word, const char *line, const regmatch_t *groups)
{
    for (; *word; word++) {
        if (*word == '\\' && word[1] == '2') {
            word++;
            text_append_bytes(out, line + groups[2].rm_so, (size_t)(groups[2].rm_eo - groups[2].rm_so));
        } else {
            text_append_char(out, *word);
        }
    }
}

static void apply(const struct mask *mask, struct text *output)
{
    AUTO(text_release) struct text masked = TEXT_EMPTY;
    regex_t regex;
    regmatch_t groups[3];
    require(regcomp(&regex, mask->pattern, REG_EXTENDED | REG_NEWLINE) == 0, "bad mask %s", mask->pattern);
    const char *rest = text_string(output);
    while (regexec(&regex, rest, 3, groups, 0) == 0) {
        text_append_bytes(&masked, rest, (size_t)groups[0].rm_so);
        append_replacement(&masked, mask->word, rest, groups);
        rest += groups[0].rm_eo;
    }
    text_append(&masked, rest);
    regfree(&regex);
    text_clear(output);
    text_append(output, text_string(&masked));
}

static void replace(const char *what, const char *word, struct text *output)
{
    AUTO(text_release) struct text replaced = TEXT_EMPTY;
    const char *rest = text_string(output);
    for (const char *at; (at = strstr(rest, what)); rest = at + strlen(what)) {
        text_append_bytes(&replaced, rest, (size_t)(at - rest));
        text_append(&replaced, word);
    }
    text_append(&replaced, rest);
    text_clear(output);
    text_append(output, text_string(&replaced));
}

void golden_mask(const char *folder, struct text *output)
{
    replace(folder, "FOLDER", output);
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        apply(&masks[i], output);
}

void golden_check(const char *name, const struct text *output)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    text_format(&path, FELUCCA_SOURCE "/tests/golden/%s.txt", name);
    const char *mode = getenv("FELUCCA_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        file_write_string(text_string(&path), text_string(output));
        return;
    }
    require(file_exists(text_string(&path)), "%s: there is no file; the output is:\n%s", name,
            text_string(output));
    file_read(text_string(&path), &wanted);
    require(strcmp(text_string(&wanted), text_string(output)) == 0, "%s: wanted:\n%s\ngot:\n%s", name,
            text_string(&wanted), text_string(output));
}
