/*
 * Who is to be ended may not want it, in two ways: by starting others all the
 * time, and by ending whoever comes as the same uid. A process of that uid
 * that signals all of them at once is proof against the first, root's signals
 * to each are proof against the second; both, until nothing is left.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/ending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/run.h"
#include "common/secret.h"

#define ROUNDS 20
#define ROUND_MS 100
#define SHELL_MS 10000
#define STATUS_SIZE 1024 /* of the first lines, which Uid is among */
#define UIDS "\nUid:"
#define ZOMBIE "\nState:\tZ"

/*
 * Is it alive, and its real or saved uid that one? By these the kernel tells
 * whose it is to signal; a server of root's may have the effective one for a
 * moment.
 */
static bool
is_theirs(const char *pid, uid_t uid)
{
    char path[64], text[STATUS_SIZE], *at;
    unsigned long uids[3]; /* real, effective, saved */
    ssize_t length;
    int fd;

    (void) snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text) - 1);
    (void) close(fd);
    text[length > 0 ? length : 0] = '\0';
    at = strstr(text, UIDS);
    if (at == NULL || strstr(text, ZOMBIE) != NULL)
        return false;
    at += strlen(UIDS);
    for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
        uids[i] = strtoul(at, &at, 10);
    return uids[0] == uid || uids[2] == uid;
}

/* Whose number that is may change, unless it is held first. */
static void
end_one(const char *pid, uid_t uid)
{
    int held = (int) syscall(SYS_pidfd_open, (pid_t) strtoul(pid, NULL, 10),
                             0);

    if (held < 0)
        return;
    if (is_theirs(pid, uid))
        (void) syscall(SYS_pidfd_send_signal, held, SIGKILL, NULL, 0);
    (void) close(held);
}

/* How many there are that run; each is signalled. -1: not known. */
static int
end_each(uid_t uid)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    if (processes == NULL)
        return -1;
    while ((entry = readdir(processes)) != NULL) {
        const char *pid = entry->d_name;

        if (pid[0] < '1' || pid[0] > '9' || !is_theirs(pid, uid))
            continue;
        count++;
        end_one(pid, uid);
    }
    (void) closedir(processes);
    return count;
}

/* This shell among them; they can look into it, so it has nothing that is not
 * theirs. */
static void
end_at_once(uid_t uid)
{
    static char program[] = "/usr/bin/setpriv", gid[] = "--regid=65534",
                groups[] = "--clear-groups", rights[] = "--no-new-privs",
                end[] = "--", shell[] = "/bin/sh", command[] = "-c",
                line[] = "kill -KILL -1";
    char as[32];
    char *const words[] = {program, as,    gid,     groups, rights,
                           end,     shell, command, line,   NULL};
    struct secret output = {0};

    (void) snprintf(as, sizeof(as), "--reuid=%lu", (unsigned long) uid);
    (void) run_program(words, SHELL_MS, &output);
    secret_free(&output);
}

bool
ending_of(uid_t uid)
{
    const struct timespec moment = {.tv_nsec = ROUND_MS * 1000000L};

    for (unsigned int round = 0; round < ROUNDS; round++) {
        int count = end_each(uid);

        if (count <= 0)
            return count == 0;
        end_at_once(uid);
        (void) nanosleep(&moment, NULL);
    }
    return false;
}
