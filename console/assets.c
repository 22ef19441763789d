#include "console/assets.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <string.h>

#include "console_assets.h"

enum { PARTS_DEEP = 8 };

const struct asset *assets_find(const char *name)
{
    for (size_t i = 0; i < sizeof all_assets / sizeof *all_assets; i++)
        if (strcmp(all_assets[i].name, name) == 0)
            return &all_assets[i];
    return NULL;
}

const char *assets_type(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{".css", "text/css; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".svg", "image/svg+xml"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (string_ends_with(name, types[i].ending) && assets_find(name))
            return types[i].type;
    return NULL;
}

static int append_parts(const char *name, size_t deep, struct text *out, struct text *reason)
{
    static const char begin[] = "{{> ";
    AUTO(text_release) struct text file = TEXT_EMPTY;
    text_format(&file, "%s.mustache", name);
    const struct asset *asset = assets_find(text_string(&file));
    if (!asset || deep == PARTS_DEEP) {
        text_format(reason, "%s is not there, or holds itself", text_string(&file));
        return asset ? ERR_RANGE : ERR_ABSENT;
    }
    const char *rest = asset->bytes, *part;
    for (; (part = strstr(rest, begin)); rest = strstr(part, "}}") + 2) {
        AUTO(text_release) struct text inner = TEXT_EMPTY;
        const char *end = strstr(part, "}}");
        if (!end)
            break;
        text_append_bytes(out, rest, (size_t)(part - rest));
        text_append_bytes(&inner, part + strlen(begin), (size_t)(end - part) - strlen(begin));
        int code = append_parts(text_string(&inner), deep + 1, out, reason);
        if (code != 0)
            return code;
    }
    text_append(out, rest);
    return 0;
}

int assets_append_template(const char *name, struct text *out, struct text *reason)
{
    return append_parts(name, 0, out, reason);
}
