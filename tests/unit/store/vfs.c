#include "vfs.h"

#include "base/check.h"
#include "base/rng.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 160 };

struct unsynced { /* one write, and what was there before */
    struct unsynced *older;
    char path[PATH_ROOM];
    sqlite3_int64 at, size_before; /* of the file */
    size_t len, old_len;
    unsigned char old[];
};

struct shim_file {
    sqlite3_file base;
    char path[PATH_ROOM];
    sqlite3_file *real; /* behind this struct */
};

enum op { OP_IS_READ, OP_IS_WRITE, OP_IS_LOCK, OP_IS_OTHER };

static struct {
    sqlite3_vfs vfs, *real;
    enum vfs_fault fault;
    uint64_t count, at, hits, halved;
    bool from_then_on, halve; /* halve: the next system call that transfers */
    struct unsynced *newest;
} disk;

/* ---- the plan ---- */

void vfs_plan(enum vfs_fault fault, uint64_t at, bool from_then_on) {
    disk.fault = fault;
    disk.count = disk.hits = disk.halved = 0;
    disk.at = at;
    disk.from_then_on = from_then_on;
}

uint64_t vfs_operations(void) { return disk.count; }

uint64_t vfs_hits(void) { return disk.hits; }

uint64_t vfs_halved(void) { return disk.halved; }

static bool meets_fault(enum op op) {
    disk.count++;
    bool now = disk.fault != VFS_NONE && (disk.count == disk.at || (disk.from_then_on && disk.count > disk.at));
    if (disk.fault == VFS_BUSY) now = now && op == OP_IS_LOCK;
    if (disk.fault == VFS_PARTIAL) now = now && (op == OP_IS_READ || op == OP_IS_WRITE);
    disk.hits += now;
    return now;
}

/* What the operation answers that meets the fault. */
static int answer(int io_error) {
    switch (disk.fault) {
    case VFS_FULL: return io_error == SQLITE_IOERR_WRITE ? SQLITE_FULL : io_error;
    case VFS_MEMORY: return io_error == SQLITE_CANTOPEN ? SQLITE_NOMEM : SQLITE_IOERR_NOMEM;
    case VFS_BUSY: return SQLITE_BUSY;
    default: return io_error;
    }
}

/* ---- what a power cut can lose ---- */

static void forget(const char *path) {
    for (struct unsynced **at = &disk.newest; *at != NULL;) {
        struct unsynced *u = *at;
        if (path != NULL && strcmp(u->path, path) != 0) {
            at = &u->older;
            continue;
        }
        *at = u->older;
        free(u);
    }
}

void vfs_settle(void) { forget(NULL); }

static void remember(struct shim_file *f, sqlite3_int64 at, size_t len) {
    struct unsynced *u = malloc(sizeof *u + len);
    CHECK(u != NULL);
    *u = (struct unsynced){.older = disk.newest, .at = at, .len = len};
    memcpy(u->path, f->path, sizeof u->path);
    CHECK(f->real->pMethods->xFileSize(f->real, &u->size_before) == SQLITE_OK);
    sqlite3_int64 there = u->size_before > at ? u->size_before - at : 0;
    u->old_len = there < (sqlite3_int64)len ? (size_t)there : len;
    if (u->old_len > 0) CHECK(f->real->pMethods->xRead(f->real, u->old, (int)u->old_len, at) == SQLITE_OK);
    disk.newest = u;
}

static void undo(const struct unsynced *u) {
    int fd = open(u->path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return; /* it was deleted since */
    if (u->old_len > 0) CHECK(pwrite(fd, u->old, u->old_len, u->at) == (ssize_t)u->old_len);
    off_t end = lseek(fd, 0, SEEK_END);
    if (u->old_len < u->len && end <= u->at + (off_t)u->len) CHECK(ftruncate(fd, u->size_before) == 0);
    CHECK(close(fd) == 0);
}

void vfs_cut_power(uint64_t seed) {
    struct rng rng;
    rng_seed(&rng, seed);
    for (struct unsynced *u = disk.newest; u != NULL; u = u->older)
        if (rng_below(&rng, 2) == 0) undo(u);
    forget(NULL);
}

/* ---- one open file ---- */

static struct shim_file *shim(sqlite3_file *f) { return (struct shim_file *)(void *)f; }

static int do_close(sqlite3_file *f) {
    int result = shim(f)->real->pMethods->xClose(shim(f)->real);
    f->pMethods = NULL;
    return result;
}

static int do_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at) {
    sqlite3_file *real = shim(f)->real;
    if (!meets_fault(OP_IS_READ)) return real->pMethods->xRead(real, out, len, at);
    if (disk.fault != VFS_PARTIAL) return answer(SQLITE_IOERR_READ);
    disk.halve = true;
    return real->pMethods->xRead(real, out, len, at);
}

static int do_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at) {
    sqlite3_file *real = shim(f)->real;
    bool fails = meets_fault(OP_IS_WRITE);
    if (fails && disk.fault != VFS_FULL && disk.fault != VFS_PARTIAL) return answer(SQLITE_IOERR_WRITE);
    remember(shim(f), at, (size_t)len);
    if (!fails || disk.fault == VFS_PARTIAL) {
        disk.halve = fails;
        return real->pMethods->xWrite(real, data, len, at);
    }
    (void)real->pMethods->xWrite(real, data, len / 2, at);
    return SQLITE_FULL;
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size) {
    sqlite3_file *real = shim(f)->real;
    return meets_fault(OP_IS_OTHER) ? answer(SQLITE_IOERR_TRUNCATE) : real->pMethods->xTruncate(real, size);
}

static int do_sync(sqlite3_file *f, int flags) {
    (void)flags;
    if (meets_fault(OP_IS_OTHER)) return answer(SQLITE_IOERR_FSYNC);
    forget(shim(f)->path);
    return SQLITE_OK;
}

static int do_size(sqlite3_file *f, sqlite3_int64 *out) {
    sqlite3_file *real = shim(f)->real;
    return meets_fault(OP_IS_OTHER) ? answer(SQLITE_IOERR_FSTAT) : real->pMethods->xFileSize(real, out);
}

static int do_lock(sqlite3_file *f, int level) {
    sqlite3_file *real = shim(f)->real;
    return meets_fault(OP_IS_LOCK) ? answer(SQLITE_IOERR_LOCK) : real->pMethods->xLock(real, level);
}

static int do_unlock(sqlite3_file *f, int level) { return shim(f)->real->pMethods->xUnlock(shim(f)->real, level); }

static int do_check_lock(sqlite3_file *f, int *out) {
    sqlite3_file *real = shim(f)->real;
    return meets_fault(OP_IS_OTHER) ? answer(SQLITE_IOERR_CHECKRESERVEDLOCK)
                                    : real->pMethods->xCheckReservedLock(real, out);
}

static int do_control(sqlite3_file *f, int op, void *arg) {
    return shim(f)->real->pMethods->xFileControl(shim(f)->real, op, arg);
}

static int do_sector(sqlite3_file *f) { return shim(f)->real->pMethods->xSectorSize(shim(f)->real); }

static int do_features(sqlite3_file *f) {
    (void)f;
    return 0; /* none: the most careful way */
}

/* Version 1: no shared memory, no mapping. The store locks its file for itself and needs neither. */
static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = do_close,
                                           .xRead = do_read,
                                           .xWrite = do_write,
                                           .xTruncate = do_truncate,
                                           .xSync = do_sync,
                                           .xFileSize = do_size,
                                           .xLock = do_lock,
                                           .xUnlock = do_unlock,
                                           .xCheckReservedLock = do_check_lock,
                                           .xFileControl = do_control,
                                           .xSectorSize = do_sector,
                                           .xDeviceCharacteristics = do_features};

/* ---- system calls that transfer less than asked ---- */

static size_t allowed(size_t len) {
    bool half = disk.halve && len > 1;
    disk.halve = false;
    disk.halved += half;
    return half ? len / 2 : len;
}

static ssize_t partial_pread(int fd, void *out, size_t len, off_t at) { return pread(fd, out, allowed(len), at); }

static ssize_t partial_pwrite(int fd, const void *data, size_t len, off_t at) {
    return pwrite(fd, data, allowed(len), at);
}

/* Under the names that SQLite knows them by; whichever it was built with. NULL: its own again. */
static void set_calls(bool on) {
    static const char *const reads[] = {"pread", "pread64"}, *const writes[] = {"pwrite", "pwrite64"};
    for (int i = 0; i < 2; i++) {
        (void)disk.real->xSetSystemCall(disk.real, reads[i], on ? (sqlite3_syscall_ptr)partial_pread : NULL);
        (void)disk.real->xSetSystemCall(disk.real, writes[i], on ? (sqlite3_syscall_ptr)partial_pwrite : NULL);
    }
}

/* ---- the disk ---- */

static int do_open(sqlite3_vfs *v, const char *path, sqlite3_file *file, int flags, int *out_flags) {
    struct shim_file *f = shim(file);
    (void)v;
    f->base.pMethods = NULL;
    if (meets_fault(OP_IS_OTHER)) return answer(SQLITE_CANTOPEN);
    CHECK(path != NULL && strlen(path) < PATH_ROOM);
    (void)snprintf(f->path, sizeof f->path, "%s", path);
    f->real = (sqlite3_file *)(void *)(f + 1);
    int result = disk.real->xOpen(disk.real, path, f->real, flags, out_flags);
    if (result == SQLITE_OK) f->base.pMethods = &methods;
    return result;
}

static int do_delete(sqlite3_vfs *v, const char *path, int sync) {
    (void)v, (void)sync;
    if (meets_fault(OP_IS_OTHER)) return answer(SQLITE_IOERR_DELETE);
    forget(path);
    return disk.real->xDelete(disk.real, path, 0);
}

static int do_access(sqlite3_vfs *v, const char *path, int flags, int *out) {
    (void)v;
    return meets_fault(OP_IS_OTHER) ? answer(SQLITE_IOERR_ACCESS) : disk.real->xAccess(disk.real, path, flags, out);
}

static int do_sleep(sqlite3_vfs *v, int us) {
    (void)v;
    return us;
}

void vfs_begin(void) {
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.szOsFile = (int)sizeof(struct shim_file) + disk.real->szOsFile;
    disk.vfs.pNext = NULL;
    disk.vfs.xOpen = do_open;
    disk.vfs.xDelete = do_delete;
    disk.vfs.xAccess = do_access;
    disk.vfs.xSleep = do_sleep;
    vfs_plan(VFS_NONE, 0, false);
    set_calls(true);
    CHECK(sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK);
}

void vfs_end(void) {
    forget(NULL);
    set_calls(false);
    CHECK(sqlite3_vfs_unregister(&disk.vfs) == SQLITE_OK);
}
