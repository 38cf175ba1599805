/*
 * What the helper needs to run under valgrind, which counts instructions:
 * valgrind puts a variable into the environment, which the helper refuses,
 * needs more memory and descriptors than the helper allows itself, and makes
 * code, which its system call filter forbids. All the rest is the helper as
 * it is installed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;

int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);

int __real_prctl(int option, ...);
int __wrap_prctl(int option, unsigned long one, unsigned long two,
                 unsigned long three, unsigned long four);

static void __attribute__((constructor))
empty_environment(void)
{
    environ[0] = NULL;
}

int
__wrap_setrlimit(int resource, const struct rlimit *limit)
{
    if (resource == RLIMIT_AS || resource == RLIMIT_FSIZE
        || resource == RLIMIT_CPU || resource == RLIMIT_NOFILE)
        return 0;
    return __real_setrlimit(resource, limit);
}

int
__wrap_prctl(int option, unsigned long one, unsigned long two,
             unsigned long three, unsigned long four)
{
    return option == PR_SET_SECCOMP
               ? 0
               : __real_prctl(option, one, two, three, four);
}
