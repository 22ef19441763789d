#include "tests/support/loading.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"

#include <string.h>

/* The sandbox's folder is another one each time: takes it out of all lines. */
static void strip(struct text *text, const char *folder)
{
    AUTO(text_release) struct text stripped = TEXT_EMPTY;
    size_t length = strlen(folder);
    for (const char *c = text_string(text); *c;) {
        if (strncmp(c, folder, length) == 0 && c[length] == '/')
            c += length + 1;
        else
            text_append_char(&stripped, *c++);
    }
    text_clear(text);
    text_append(text, text_string(&stripped));
}

void loading_start_bytes(struct loading *ret_loading, const void *bytes, size_t length)
{
    *ret_loading = (struct loading){.sandbox = sandbox_create()};
    const char *path = sandbox_path(ret_loading->sandbox, "felucca.yaml");
    file_write(path, bytes, length);
    ret_loading->code = config_load(path, &ret_loading->config, &ret_loading->errors, &ret_loading->warnings);
    strip(&ret_loading->errors, sandbox_folder(ret_loading->sandbox));
    strip(&ret_loading->warnings, sandbox_folder(ret_loading->sandbox));
}

void loading_start(struct loading *ret_loading, const char *yaml)
{
    loading_start_bytes(ret_loading, yaml, strlen(yaml));
}

void loading_end(struct loading *loading)
{
    config_destroy(&loading->config);
    text_release(&loading->errors);
    text_release(&loading->warnings);
    sandbox_destroy(&loading->sandbox);
}
