#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "common/config/rate.h"
#include "common/config/schema.h"
#include "common/config/value.h"

#include <inttypes.h>
#include <string.h>

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "<!-- Generated from the program's own tables by `felucca config --reference`; do not edit. -->\n"
    "\n"
    "All processes read one YAML file: the one that `--config` names, else `$FELUCCA_CONFIG`, else\n"
    "`./felucca.yaml`, else `/etc/felucca/felucca.yaml`. `felucca.example.yaml` is one with comments.\n"
    "`felucca check` tells everything that is wrong with a file, `felucca config` prints what is in force,\n"
    "defaults included. `SIGHUP` makes a process read the file again; while a new file is wrong the old one\n"
    "stays in force, with an error in the log.\n"
    "\n"
    "How values are written:\n"
    "\n"
    "- **duration**: a whole number with `ms`, `s`, `m` (minutes), `h` or `d`: `500ms`, `15m`, `30d`.\n"
    "- **size**: a whole number with `B`, `KiB`, `MiB`, `GiB` or `TiB`: `64MiB`.\n"
    "- **path**: a relative one begins at the folder of the configuration file.\n"
    "- **condition**: an expression over the instance, see [conditions](conditions.md). Write it as a block\n"
    "  after `|`: an unquoted `!` in front would be YAML's own.\n"
    "- **secret**: a text that is never shown, logged or stored, best as a reference to a file.\n"
    "- `${env:NAME}` and `${file:PATH}` in any value are replaced by the environment variable or by the\n"
    "  content of the file, without its last line break; an empty or missing one is an error. In secrets and\n"
    "  headers this happens only in the process that uses them, each time it does, so that each service needs\n"
    "  just its own secrets and a replaced token file counts at once. Write `$${` for `${` itself.\n"
    "- YAML tags, anchors and aliases are not used; a key without a value is an error.\n";

/* A cell of a table: no line break, no bar. */
static void append_cell(struct text *out, const char *text)
{
    for (; *text; text++)
        text_append_char(out, *text == '|' ? '/' : *text == '\n' ? ' ' : *text);
}

static void append_bounds(struct text *out, const struct config_key *key)
{
    if (key->kind == CONFIG_INTEGER) {
        text_format(out, ", %" PRId64 " to %" PRId64, key->least, key->most);
    } else if (key->kind == CONFIG_SIZE) {
        text_append(out, ", at least ");
        config_value_print_size(out, key->least);
    } else if (key->kind == CONFIG_RATE) {
        text_append(out, ", at least ");
        config_rate_print(out, key->least);
    } else if (key->kind == CONFIG_DURATION) {
        if (key->least > 0) {
            text_append(out, ", at least ");
            config_value_print_duration(out, NULL, key->least);
        }
        if (key->word)
            text_format(out, ", or `%s`", key->word);
    } else if (key->kind == CONFIG_CHOICE) {
        for (const char *const *word = key->words; *word; word++)
            text_format(out, "%s`%s`", word == key->words ? ": " : ", ", *word);
    }
}

static void append_row(struct text *out, const struct config_key *key)
{
    text_format(out, "| `%s` | %s", key->name, config_kind_text(key->kind));
    append_bounds(out, key);
    text_append(out, " | ");
    if (key->required)
        text_append(out, "required");
    else if (key->standard)
        text_format(out, "`%s`", key->standard);
    else
        append_cell(out, key->otherwise ? key->otherwise : "");
    text_append(out, " | ");
    append_cell(out, key->help);
    text_append(out, " |\n");
}

static void append_section(struct text *out, const struct config_section *section, const char *path)
{
    bool begun = false;
    if (section->help)
        text_format(out, "\n## %s\n\n%s\n", path, section->help);
    else
        text_format(out, "\n## %s\n", path);
    for (const struct config_key *key = section->keys; key->name; key++) {
        if (key->kind == CONFIG_SECTION)
            continue;
        if (!begun)
            text_append(out, "\n| key | value | default | meaning |\n|---|---|---|---|\n");
        begun = true;
        append_row(out, key);
    }
    for (const struct config_key *key = section->keys; key->name; key++) {
        AUTO(text_release) struct text inner = TEXT_EMPTY;
        if (!key->section)
            continue;
        text_format(&inner, "%s%s%s", section == config_schema() ? "" : path,
                    section == config_schema() ? "" : ".", key->name);
        text_append(&inner, key->kind == CONFIG_LIST ? "[]" : "");
        append_section(out, key->section, text_string(&inner));
    }
}

void config_reference(struct text *out)
{
    text_append(out, introduction);
    append_section(out, config_schema(), "The outermost keys");
}
