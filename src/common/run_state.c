/*
 * /run/pam_cognito: makes and judges the folder, opens and locks its files,
 * and keeps the stamps that limit how often a code is sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/run_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define STAMP_TEXT_SIZE 20      /* bytes of a stamp, written all at once */
#define RUN_STATE_SIZE_MAX 4096 /* bytes of a file; more than any has */
#define LOCK_MS 50 /* nobody needs it that long, but may be stopped */

/* The folder, made when missing; -1 unless it is root's alone. */
static int
open_folder(void)
{
    struct stat st;
    int fd;

    if (mkdir(RUN_STATE_FOLDER, 0700) < 0 && errno != EEXIST)
        return -1;
    fd = open(RUN_STATE_FOLDER,
              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    /* su runs with its caller's group, which has no business here, and with
     * his umask, which may have left too little. */
    if (fstat(fd, &st) == 0 && st.st_uid == 0
        && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0
        && (st.st_gid == 0 || fchown(fd, (uid_t) -1, 0) == 0)
        && ((st.st_mode & S_IRWXU) == S_IRWXU || fchmod(fd, 0700) == 0))
        return fd;
    (void) close(fd);
    return -1;
}

/* Nobody but root made it, it has no other name, and any root may use it. */
static bool
is_sound(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0
           && st.st_nlink == 1 && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0
           && ((st.st_mode & 0600) == 0600 || fchmod(fd, 0600) == 0);
}

bool
run_state_lock(int fd)
{
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited++) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= LOCK_MS)
            return false;
        (void) poll(NULL, 0, 1);
    }
    return true;
}

void
run_state_unlock(int fd)
{
    (void) flock(fd, LOCK_UN);
}

/*
 * The caller of a setuid host may have lowered how large its files may be:
 * then a write would end the host by SIGXFSZ, or write a part.
 */
static bool
may_write(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) == 0
           && limit.rlim_cur >= RUN_STATE_SIZE_MAX;
}

int
run_state_open(const char *name)
{
    int folder, fd;

    if (geteuid() != 0 || !may_write())
        return -1;
    folder = open_folder();
    if (folder < 0)
        return -1;
    fd = openat(folder, name,
                O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    (void) close(folder);
    if (fd < 0 || is_sound(fd))
        return fd;
    (void) close(fd);
    return -1;
}

/*
 * Is the stamp older than it must be? Then it is renewed. It holds seconds
 * since the machine was started, for the time of day can be moved; one that
 * is ahead is from before the start.
 */
static enum stamp
renew(int fd)
{
    char text[STAMP_TEXT_SIZE + 1] = "";
    long long now = (long long) clock_boot_ms() / 1000;
    long long then;

    if (pread(fd, text, STAMP_TEXT_SIZE, 0) < 0)
        return STAMP_CANNOT;
    then = strtoll(text, NULL, 10);
    /* An empty file was made just now. */
    if (text[0] != '\0' && then <= now && now - then < STAMP_CODE_SECONDS)
        return STAMP_NO;
    (void) snprintf(text, sizeof(text), "%0*lld\n", STAMP_TEXT_SIZE - 1, now);
    return pwrite(fd, text, STAMP_TEXT_SIZE, 0) == STAMP_TEXT_SIZE
               ? STAMP_YES
               : STAMP_CANNOT;
}

enum stamp
stamp_renew(int fd)
{
    enum stamp stamp;

    /* Two logins at once take turns. */
    if (!run_state_lock(fd))
        return STAMP_CANNOT;
    stamp = renew(fd);
    run_state_unlock(fd);
    return stamp;
}

void
stamp_name(uid_t uid, char *out, size_t size)
{
    (void) snprintf(out, size, "code-%lu", (unsigned long) uid);
}

enum stamp
stamp_take(const char *name)
{
    int fd = run_state_open(name);
    enum stamp stamp;

    if (fd < 0)
        return STAMP_CANNOT;
    stamp = stamp_renew(fd);
    (void) close(fd);
    return stamp;
}
