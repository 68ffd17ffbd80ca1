#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include "CPOSIX.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

void ship_release_freed(void) { malloc_trim(0); }

void ship_keep_freed(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

static void limit(int what, uint64_t most) {
    struct rlimit both = {most, most};
    setrlimit(what, &both);
}

int ship_spawn_limited(
    const char *path, char *const argv[], char *const envp[], const char *folder, int out, uint64_t memory, uint64_t file_size) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t child = fork();
    if (child < 0) {
        int code = errno;
        close(report[0]);
        close(report[1]);
        return -code;
    }
    if (child == 0) {
        // Between fork and exec only what is safe in a signal handler: other threads' locks are held for ever.
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
        int code = 0;
        int empty = open("/dev/null", O_RDONLY);
        // Out of the way of 0, 1, 2 and 3 first.
        int printed = fcntl(out, F_DUPFD, 10), told = fcntl(report[1], F_DUPFD, 10);
        if (empty < 0 || printed < 0 || told < 0 || dup2(empty, 0) < 0 || dup2(printed, 1) < 0 || dup2(printed, 2) < 0 || dup2(told, 3) < 0) code = errno;
        fcntl(3, F_SETFD, FD_CLOEXEC);
        if (syscall(SYS_close_range, 4u, ~0u, 0u) != 0) {
            for (int number = 4; number < 65536; number++) close(number);
        }
        limit(RLIMIT_CORE, 0);
        if (memory > 0) limit(RLIMIT_DATA, memory);
        if (file_size > 0) limit(RLIMIT_FSIZE, file_size);
        if (code == 0 && chdir(folder) != 0) code = errno;
        if (code == 0) {
            execve(path, argv, envp);
            code = errno;
        }
        ssize_t written = write(3, &code, sizeof code);
        (void)written;
        _exit(127);
    }
    // Here too, so that it holds before this function returns.
    setpgid(child, child);
    close(report[1]);
    int code = 0;
    ssize_t got;
    do { got = read(report[0], &code, sizeof code); } while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof code) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return -code;
    }
    return child;
}

int ship_child_ended(int child, int *code) {
    int status = 0;
    pid_t ended;
    do { ended = waitpid(child, &status, WNOHANG); } while (ended < 0 && errno == EINTR);
    if (ended == 0) return 0;
    if (ended < 0) return -errno;
    *code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return 1;
}

// Of every kernel since Linux 5.3; not in every C library's headers.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

// The environment that a process of this user began with, ended by two zeros, to be freed; NULL when it cannot be seen.
static char *environment_of(int process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return NULL;
    struct stat status;
    char *bytes = NULL;
    size_t count = 0, room = 0;
    if (fstat(file, &status) == 0 && status.st_uid == geteuid()) {
        for (;;) {
            if (count + 2 >= room) {
                // More than the kernel lets a program begin with.
                if (room > 64u << 20) break;
                room = room ? 2 * room : 8192;
                char *larger = realloc(bytes, room);
                if (!larger) break;
                bytes = larger;
            }
            ssize_t got = read(file, bytes + count, room - count - 2);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            count += (size_t)got;
        }
    }
    close(file);
    if (bytes) bytes[count] = bytes[count + 1] = 0;
    return bytes;
}

int ship_kill_marked(const char *name, int (*judge)(const char *value, void *context), void *context) {
    DIR *all = opendir("/proc");
    if (!all) return 0;
    size_t length = strlen(name);
    int killed = 0, own = getpid();
    for (struct dirent *entry; (entry = readdir(all));) {
        int process = atoi(entry->d_name);
        if (process <= 1 || process == own) continue;
        // Taken before its environment is looked at, so that no other process that gets its number meanwhile is meant.
        int handle = (int)syscall(SYS_pidfd_open, process, 0u);
        if (handle < 0 && errno != ENOSYS) continue;
        char *bytes = environment_of(process);
        for (char *variable = bytes; variable && *variable; variable += strlen(variable) + 1) {
            if (strncmp(variable, name, length) != 0 || variable[length] != '=') continue;
            if (judge(variable + length + 1, context)) {
                long result = handle >= 0 ? syscall(SYS_pidfd_send_signal, handle, SIGKILL, NULL, 0u) : kill(process, SIGKILL);
                if (result == 0) killed++;
            }
            break;
        }
        free(bytes);
        if (handle >= 0) close(handle);
    }
    closedir(all);
    return killed;
}
