/*
 * What the helper needs to run under valgrind, which counts instructions:
 * valgrind puts a variable into the environment, which the helper refuses,
 * and needs more address space than the helper allows itself. All the rest is
 * the helper as it is installed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stddef.h>
#include <sys/resource.h>

extern char **environ;

int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);

static void __attribute__((constructor))
empty_environment(void)
{
    environ[0] = NULL;
}

int
__wrap_setrlimit(int resource, const struct rlimit *limit)
{
    if (resource == RLIMIT_AS || resource == RLIMIT_FSIZE
        || resource == RLIMIT_CPU)
        return 0;
    return __real_setrlimit(resource, limit);
}
