/*
 * The files below /run/pam_cognito: src/common/run_state.c, with a root and a
 * folder that are pretended.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "common/run_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define STAMP "code-4711"

static char folder[] = "/tmp/run_state.XXXXXX";

uid_t __wrap_geteuid(void);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap___open_2(const char *path, int flags);
int __wrap_fstat(int fd, struct stat *st);
int __real_fstat(int fd, struct stat *st);

uid_t
__wrap_geteuid(void)
{
    return 0;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    (void) path;
    return mkdirat(AT_FDCWD, folder, mode);
}

int
__wrap_open(const char *path, int flags, ...)
{
    return __real_open(strcmp(path, RUN_STATE_FOLDER) == 0 ? folder : path,
                       flags);
}

/* What clang makes of it with _FORTIFY_SOURCE and newer glibc. */
int
__wrap___open_2(const char *path, int flags)
{
    return __wrap_open(path, flags);
}

int
__wrap_fstat(int fd, struct stat *st)
{
    int result = __real_fstat(fd, st);

    st->st_uid = st->st_gid = 0;
    return result;
}

/*
 * What a process that may write files of that size answers; -1 when a signal
 * ended it. su's caller can lower the limit, and that is su.
 */
static int
take_with_limit(rlim_t size)
{
    struct rlimit limit = {size, size};
    pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(setrlimit(RLIMIT_FSIZE, &limit) == 0 ? (int) stamp_take(STAMP)
                                                   : 99);
    (void) waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
main(void)
{
    static const rlim_t small[] = {0, 1, 5, 19, 20};
    char path[sizeof(folder) + sizeof(STAMP)];

    if (sizeof(long) == 4) {
        printf("1..0 # SKIP open and fstat have other names here\n");
        return 0;
    }
    if (mkdtemp(folder) == NULL)
        return 1;
    (void) snprintf(path, sizeof(path), "%s/%s", folder, STAMP);
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        ok(take_with_limit(small[i]) == STAMP_CANNOT && access(path, F_OK) < 0,
           "files of %lu bytes at most: no stamp and no signal",
           (unsigned long) small[i]);
    ok(take_with_limit(RLIM_INFINITY) == STAMP_YES, "the first may");
    ok(take_with_limit(RLIM_INFINITY) == STAMP_NO, "the next may not");
    ok(take_with_limit(0) == STAMP_CANNOT, "nor who cannot write");
    ok(take_with_limit(RLIM_INFINITY) == STAMP_NO, "and that changes nothing");
    ok(unlink(path) == 0 && rmdir(folder) == 0, "nothing was left behind");
    return done_testing();
}
