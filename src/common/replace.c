/*
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
fill(int fd, uid_t owner, mode_t mode, const struct secret *text)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t count = write(fd, text->data + done, text->length - done);

        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0)
            done += (size_t) count;
    }
    return fchown(fd, owner, (gid_t) (owner == 0 ? 0 : -1)) == 0
           && fchmod(fd, mode) == 0 && fsync(fd) == 0;
}

bool
replace_file(int folder, const char *name, const char *temporary, uid_t owner,
             mode_t mode, const struct secret *text)
{
    int fd, number;
    bool done;

    /* A run that was ended may have left one. */
    (void) unlinkat(folder, temporary, 0);
    fd = openat(folder, temporary,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    done = fill(fd, owner, mode, text)
           && renameat(folder, temporary, folder, name) == 0;
    number = errno;
    (void) close(fd);
    if (!done)
        (void) unlinkat(folder, temporary, 0);
    errno = number;
    return done && fsync(folder) == 0;
}
