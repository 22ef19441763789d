/* boot - which start of which kernel this process lives in: two processes with the same one share a machine, and
 * what is in its memory. */
#ifndef FELUCCA_BASE_BOOT_H
#define FELUCCA_BASE_BOOT_H

enum { BOOT_ID_SIZE = 37, BOOT_MARK_SIZE = 9 };

/* The kernel's own id (/proc/sys/kernel/random/boot_id), as 36 signs and a NUL; "" when it cannot be read. Containers
 * of one kernel have the same. */
void boot_id(char ret_id[BOOT_ID_SIZE]);

/* Its first eight hex digits, for names of files; "" as above. */
void boot_mark(char ret_mark[BOOT_MARK_SIZE]);

#endif
