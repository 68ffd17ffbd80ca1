#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include "CPOSIX.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/openat2.h is not in every C library's headers; these are the kernel's stable numbers.
struct ship_open_how {
    uint64_t flags, mode, resolve;
};
enum { RESOLVE_NO_MAGICLINKS_ = 0x02, RESOLVE_NO_SYMLINKS_ = 0x04, RESOLVE_BENEATH_ = 0x08 };
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

int ship_open_beneath(int folder, const char *path, int flags, unsigned int mode) {
    struct ship_open_how how = {
        .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_BENEATH_ | RESOLVE_NO_SYMLINKS_ | RESOLVE_NO_MAGICLINKS_,
    };
    // EAGAIN: a rename went on elsewhere while the path was walked; the kernel asks to try again.
    for (int attempt = 0; attempt < 100; attempt++) {
        long file = syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (file >= 0) return (int)file;
        if (errno != EINTR && errno != EAGAIN) return -errno;
    }
    return -EAGAIN;
}

int ship_open_component(int folder, const char *name, int flags, unsigned int mode) {
    for (;;) {
        int file = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
        if (file >= 0) return file;
        if (errno != EINTR) return -errno;
    }
}

int ship_sync(int file) {
    while (fsync(file) != 0)
        if (errno != EINTR) return -errno;
    return 0;
}

int ship_volume(int file, uint64_t *free_bytes, uint64_t *total_bytes, int *read_only) {
    struct statvfs volume;
    while (fstatvfs(file, &volume) != 0)
        if (errno != EINTR) return -errno;
    *free_bytes = (uint64_t)volume.f_bavail * volume.f_frsize;
    *total_bytes = (uint64_t)volume.f_blocks * volume.f_frsize;
    *read_only = (volume.f_flag & ST_RDONLY) != 0;
    return 0;
}

int ship_lock(int file, int exclusive) {
    while (flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        if (errno != EINTR) return -errno;
    return 0;
}

void ship_unlock(int file) {
    while (flock(file, LOCK_UN) != 0 && errno == EINTR) {}
}

int ship_end_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : -errno;
}

static int release_segments(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size, (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        // Only what was never written to can be dropped without loss: it lies in the file as it is.
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (object->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void ship_release_code(void) { dl_iterate_phdr(release_segments, NULL); }
