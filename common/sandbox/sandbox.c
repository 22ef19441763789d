#include "common/sandbox/sandbox.h"

#include "common/base/err.h"
#include "common/sandbox/folders.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { BOUND = 0 };
#else
enum { BOUND = 1 };
#endif

bool sandbox_is_built(void)
{
    return BOUND;
}

void sandbox_ask_kernel(struct text *ret_lacks)
{
    bool filters = !BOUND || filter_is_known(), limits = !BOUND || folders_are_known();
    text_append(ret_lacks, BOUND ? "" : "a sanitizer's build has no sandbox");
    text_append(ret_lacks, filters ? "" : "it filters no system calls (seccomp)");
    text_append(ret_lacks, filters || limits ? "" : "; ");
    text_append(ret_lacks, limits ? "" : "it limits no paths (Landlock)");
}

static int tell(int code, const char *what, struct text *ret_refused)
{
    if (code != 0)
        text_format(ret_refused, "%s%s: %s", ret_refused->length > 0 ? "; " : "", what, err_text(code));
    return code;
}

/* Paths first: the filter lets nobody limit them any more. */
int sandbox_enter(const struct sandbox_rules *rules, struct text *ret_refused)
{
    int folders = 0, calls = 0;
    if (!BOUND)
        return 0;
    if (folders_are_known())
        folders = tell(folders_limit(rules->folders, rules->folder_count), "paths (Landlock)", ret_refused);
    if (filter_is_known())
        calls = tell(filter_load(rules->rules, rules->rule_count, rules->forbidden), "system calls (seccomp)",
                     ret_refused);
    return calls != 0 ? calls : folders;
}
