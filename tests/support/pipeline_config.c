#include "tests/support/pipeline_config.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <string.h>

/* Puts a token into a file of its own and appends the reference to it. */
static void append_token(struct sandbox *sandbox, const char *token, struct text *out)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&name, "token-%s", token);
    text_format(&line, "%s\n", token);
    text_format(out, "${file:%s}", sandbox_write(sandbox, text_string(&name), text_string(&line)));
}

/* A block scalar, so that no sign of the condition means anything to YAML. */
static void append_condition(const char *indent, const char *condition, struct text *out)
{
    if (!condition)
        return;
    text_format(out, "%scondition: |\n", indent);
    for (const char *line = condition; *line; line += strspn(line, "\n")) {
        AUTO(memory_free) char *copy = memory_string_n(line, strcspn(line, "\n"));
        text_format(out, "%s  %s\n", indent, copy);
        line += strlen(copy);
    }
}

static void append_album(struct sandbox *sandbox, const struct pipeline_album *album,
                         const struct simulator *simulator, struct text *out)
{
    text_format(out, "          - name: %s\n            api_url: http://127.0.0.1:%d/api\n", album->name,
                simulator->port);
    text_append(out, "            destination_token: ");
    append_token(sandbox, album->destination_token, out);
    text_append(out, "\n            source_token: ");
    append_token(sandbox, album->source_token, out);
    text_append(out, "\n");
    append_condition("            ", album->condition, out);
}

static void append_destination(struct sandbox *sandbox, const struct pipeline_destination *destination,
                               struct text *out)
{
    text_format(out, "      - name: %s\n", destination->name);
    if (destination->stow_url)
        text_format(out, "        stow_url: %s\n", destination->stow_url);
    else
        text_format(out, "        stow_url: http://127.0.0.1:%d/api/studies\n", destination->simulator->port);
    if (destination->token) {
        text_append(out, "        headers: |\n          <key>Authorization</key>\n          <value>Bearer ");
        append_token(sandbox, destination->token, out);
        text_append(out, "</value>\n");
    }
    append_condition("        ", destination->condition, out);
    if (destination->more)
        text_append(out, destination->more);
    if (destination->album_count)
        text_append(out, "        albums:\n");
    for (size_t i = 0; i < destination->album_count; i++)
        append_album(sandbox, &destination->albums[i], destination->simulator, out);
}

static bool has_key(const char *more, const char *key)
{
    size_t length = strlen(key);
    for (; more; more = strchr(more, '\n')) {
        more += *more == '\n';
        if (strncmp(more, key, length) == 0)
            return true;
    }
    return false;
}

void pipeline_append_config(struct sandbox *sandbox, const struct pipeline_options *options,
                            const char *state_dir, int port, struct text *out)
{
    static const char receiver[] = "receiver: {";
    const char *more = options->more ? options->more : "";
    bool own_receiver = strncmp(more, receiver, strlen(receiver)) == 0;
    text_format(out, "state_dir: %s\n", state_dir);
    if (!has_key(more, "retry:"))
        text_append(out, "retry: { first: 100ms, ceiling: 1s }\n");
    if (!has_key(more, "sender:"))
        text_append(out, "sender: { slots: 4, batch_instances: 10 }\n");
    text_format(out, "receiver: { port: %d, bind: 127.0.0.1,%s%s", port,
                own_receiver ? "" : " min_free_space: 256MiB }\n",
                own_receiver ? more + strlen(receiver) : more);
    text_append(out, "nodes:\n");
    for (size_t i = 0; i < options->node_count; i++) {
        const struct pipeline_node *node = &options->nodes[i];
        text_format(out, "  - aet: %s\n    destinations:\n", node->aet);
        for (size_t k = 0; k < node->destination_count; k++)
            append_destination(sandbox, &node->destinations[k], out);
    }
}
