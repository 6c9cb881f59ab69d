/* vfs.h: a disk that fails on demand, between SQLite and the real one: the n-th operation, or all from then on. It remembers
 * every write that no sync has followed, so that a power cut can lose some of them. Nothing here waits: sleeping is
 * instantaneous, and a sync does not reach the real disk. */
#ifndef TESTS_STORE_VFS_H
#define TESTS_STORE_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum vfs_fault {
    VFS_NONE,
    VFS_IO,      /* the operation fails */
    VFS_FULL,    /* writes find no room, and leave half of themselves behind; the rest as VFS_IO */
    VFS_MEMORY,  /* no memory for it */
    VFS_BUSY,    /* locks are another's; the rest succeeds */
    VFS_PARTIAL, /* the system reads or writes half of what it was asked for, as it may */
    VFS_FAULTS
};

/* From now on SQLite opens files through it. */
void vfs_begin(void);
void vfs_end(void);

/* Counts operations anew; the `at`-th (from 1) meets the fault, and those after it too where from_then_on. */
void vfs_plan(enum vfs_fault fault, uint64_t at, bool from_then_on);
uint64_t vfs_operations(void); /* since the plan */
uint64_t vfs_hits(void);       /* that met the fault */
uint64_t vfs_halved(void);     /* system calls that were cut short */

/* The power was cut: each write that was never synced is lost or not, by the seed. All files must be closed. */
void vfs_cut_power(uint64_t seed);
/* What was written is on the disk: forgets what a power cut could lose. */
void vfs_settle(void);

#endif
