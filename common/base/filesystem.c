#include "common/base/filesystem.h"

#include <stddef.h>
#include <sys/vfs.h>

/* statfs(2) and linux/magic.h; those of others from their own sources. */
static const struct known {
    unsigned long magic;
    enum filesystem_kind kind;
    const char *name;
} table[] = {
    {0xef53, FILESYSTEM_LOCAL, "ext4"},
    {0x58465342, FILESYSTEM_LOCAL, "XFS"},
    {0x9123683e, FILESYSTEM_LOCAL, "btrfs"},
    {0xf2f52010, FILESYSTEM_LOCAL, "F2FS"},
    {0xca451a4e, FILESYSTEM_LOCAL, "bcachefs"},
    {0x2fc12fc1, FILESYSTEM_LOCAL, "ZFS"},
    {0x3153464a, FILESYSTEM_LOCAL, "JFS"},
    {0x52654973, FILESYSTEM_LOCAL, "ReiserFS"},
    {0x01021994, FILESYSTEM_LOCAL, "tmpfs"},
    {0x858458f6, FILESYSTEM_LOCAL, "ramfs"},
    {0x794c7630, FILESYSTEM_LOCAL, "overlayfs"},
    {0x6969, FILESYSTEM_SERVED, "NFS"},
    {0x00c36400, FILESYSTEM_SERVED, "CephFS"},
    {0x0bd00bd0, FILESYSTEM_SERVED, "Lustre"},
    {0x47504653, FILESYSTEM_SERVED, "GPFS"},
    {0x01161970, FILESYSTEM_SERVED, "GFS2"},
    {0x7461636f, FILESYSTEM_SERVED, "OCFS2"},
    {0x19830326, FILESYSTEM_SERVED, "BeeGFS"},
    {0x517b, FILESYSTEM_DOUBTFUL, "SMB"},
    {0xff534d42, FILESYSTEM_DOUBTFUL, "SMB"},
    {0xfe534d42, FILESYSTEM_DOUBTFUL, "SMB"},
    {0x65735546, FILESYSTEM_DOUBTFUL, "FUSE"},
    {0x01021997, FILESYSTEM_DOUBTFUL, "9P"},
    {0x5346414f, FILESYSTEM_DOUBTFUL, "AFS"},
    {0x6b414653, FILESYSTEM_DOUBTFUL, "AFS"},
    {0x73757245, FILESYSTEM_DOUBTFUL, "Coda"},
    {0x786f4256, FILESYSTEM_DOUBTFUL, "a folder of VirtualBox's host"},
    {0xbacbacbc, FILESYSTEM_DOUBTFUL, "a folder of VMware's host"},
    {0x7c7c6673, FILESYSTEM_DOUBTFUL, "a folder of Parallels' host"},
};

void filesystem_known(unsigned long magic, struct filesystem *ret_filesystem)
{
    *ret_filesystem =
        (struct filesystem){FILESYSTEM_UNKNOWN, "a file system that this version does not know"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].magic == magic)
            *ret_filesystem = (struct filesystem){table[i].kind, table[i].name};
}

void filesystem_of(int fd, struct filesystem *ret_filesystem)
{
    struct statfs info;
    /* A magic number is 32 bits, however wide and signed the field is. */
    unsigned long magic = fstatfs(fd, &info) == 0 ? (unsigned long)info.f_type & 0xffffffffUL : 0;
    filesystem_known(magic, ret_filesystem);
}

enum filesystem_verdict filesystem_judge(const struct filesystem *filesystem, bool shared,
                                         struct text *sentence)
{
    if (filesystem->kind == FILESYSTEM_LOCAL)
        return FILESYSTEM_FINE;
    text_format(sentence, "state_dir is on %s: ", filesystem->name);
    if (filesystem->kind == FILESYSTEM_DOUBTFUL && !shared) {
        text_append(
            sentence,
            "its locks often do not reach from one host or mount to another, and two routers there destroy "
            "the job database. Use a local disk, or a block device that one host at a time has; "
            "state_dir_is_shared: true says that you know that no other host or mount has this folder");
        return FILESYSTEM_WRONG;
    }
    text_append(sentence, "only one host may use it at a time, and the storage has to see to that "
                          "(docs/cells.md, \"Which file system for what\")");
    return FILESYSTEM_WARNING;
}
