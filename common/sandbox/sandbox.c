#include "common/sandbox/sandbox.h"

#include "common/base/err.h"
#include "common/sandbox/folders.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { BOUND = 0 };
#else
enum { BOUND = 1 };
#endif

void sandbox_ask_kernel(struct text *ret_lacks)
{
    if (!BOUND)
        text_append(ret_lacks, "a sanitizer's build has no sandbox");
    else if (!filter_is_known())
        text_append(ret_lacks, "it filters no system calls (seccomp)");
    else if (!folders_are_known())
        text_append(ret_lacks, "it limits no paths (Landlock)");
}

int sandbox_enter(const struct sandbox *sandbox)
{
    if (!BOUND)
        return 0;
    int code = folders_limit(sandbox->folders, sandbox->folder_count);
    if (code != 0 && code != ERR_ABSENT)
        return code;
    if (!filter_is_known())
        return 0;
    return filter_load(sandbox->rules, sandbox->rule_count, sandbox->forbidden);
}
