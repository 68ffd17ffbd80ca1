#pragma once
#include <stddef.h>
#include <stdint.h>

// System calls that Swift cannot reach (variadic, or newer than the C library's headers).
// Every function returns -errno on failure, so that no errno is lost between C and Swift.

/// Opens `path` below the folder `folder`; "..", absolute paths and symbolic links that lead out are refused by the
/// kernel, and so is any symbolic link on the way. -ENOSYS where the kernel has no openat2 (before Linux 5.6).
int ship_open_beneath(int folder, const char *path, int flags, unsigned int mode);

/// One step of the fallback for old kernels: `name` is a single component, never followed if it is a symbolic link.
int ship_open_component(int folder, const char *name, int flags, unsigned int mode);

/// Writes the file's content and size to the medium.
int ship_sync(int file);

/// Free bytes for an ordinary user on the file system that holds `file`, and whether it is mounted read-only.
int ship_volume(int file, uint64_t *free_bytes, uint64_t *total_bytes, int *read_only);

/// Takes (or is refused, -EWOULDBLOCK) an advisory lock on the whole file, exclusive or shared.
int ship_lock(int file, int exclusive);

/// Gives the lock up. Closing the file would not do: a child process that was just forked has it open too, until its exec.
void ship_unlock(int file);

/// This process is killed when the one that started it ends.
int ship_end_with_parent(void);

/// Gives back the pages of the program's code and constants; those that are needed again are mapped again. For processes that do most of
/// the time a small part of what they can.
void ship_release_code(void);
/// Gives memory that was freed back to the system.
void ship_release_freed(void);
/// From now on memory that is freed is kept until it is given back by that, for processes that need as much again at once.
void ship_keep_freed(void);

/// Starts `path` in a process group of its own and in `folder`, with these arguments (the program's name first) and environment (both end with
/// NULL), an empty standard input, and `out` for what it prints. Nothing else that is open here is open there. It may take `memory` bytes of private
/// memory and write files of at most `file_size` bytes (0: no limit), leaves no core, and is killed when the thread that started it ends.
/// Gives its process id; -errno also when the program cannot be run.
int ship_spawn_limited(
    const char *path, char *const argv[], char *const envp[], const char *folder, int out, uint64_t memory, uint64_t file_size);

/// How a child of this process ended: 0 while it runs, else 1 with its exit code or, negative, the signal that ended it.
int ship_child_ended(int child, int *code);

/// Kills those processes of this user, but not this one, for which `judge` gives other than 0; it is shown what the variable `name` was in the environment
/// a process began with, and processes without it are never touched. Gives how many it killed.
int ship_kill_marked(const char *name, int (*judge)(const char *value, void *context), void *context);
