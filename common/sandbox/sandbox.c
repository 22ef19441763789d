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

/* Paths first: the filter lets nobody limit them any more. */
int sandbox_enter(const struct sandbox_rules *rules)
{
    if (!BOUND)
        return 0;
    int folders = folders_limit(rules->folders, rules->folder_count);
    int calls = filter_is_known() ? filter_load(rules->rules, rules->rule_count, rules->forbidden) : 0;
    return calls != 0 || folders == ERR_ABSENT ? calls : folders;
}
