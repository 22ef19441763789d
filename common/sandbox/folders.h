/* folders - which paths this process may still open (Landlock).
 *
 * What is open stays so. By system calls of its own: Debian 12 has no library for them, and its headers do not know what
 * later kernels add. */
#ifndef FELUCCA_SANDBOX_FOLDERS_H
#define FELUCCA_SANDBOX_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the kernel has it. */
bool folders_are_known(void);

/* From now on, for the process and all that it starts: below these open folders files may be made, read, written, renamed
 * within their folder and removed; no other path can be opened. Where the kernel knows more of it, neither can a TCP port,
 * nor another process be sent a signal. 0, or an error of the kernel's; ERR_ABSENT: it has none. */
int folders_limit(const int *folders, size_t count);

#endif
