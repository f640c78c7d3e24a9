#pragma once
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

// Swift's Glibc module is built without _GNU_SOURCE, so GNU functions are invisible to it, and it never shows variadic
// ones: one typed door for each that is used. The prototypes are glibc's own (2.34 or later).
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int pthread_getname_np(pthread_t thread, char *name, size_t size);
extern int pipe2(int descriptors[2], int flags);
extern int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);
extern char **environ;

// renameat2: fail with EEXIST instead of replacing the target.
static const unsigned int omni_rename_noreplace = 1;

static inline char **omni_environment(void) { return environ; }

// The calling process gets `signal` when the thread that created it ends.
static inline int omni_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal);
}
