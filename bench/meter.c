/*
 * Runs a program and waits for every process that came of it, orphans too.
 *
 *   meter PROGRAM ARGUMENT ...
 *
 * prints to standard error, for each process when it ends: its name, its
 * peak memory in KiB, its own CPU time in microseconds (user and system).
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long
microseconds(struct timeval time)
{
    return (long long) time.tv_sec * 1000000 + time.tv_usec;
}

/* Of a process that has ended and was not waited for. */
static void
read_name(pid_t pid, char *name, size_t size)
{
    char path[64];
    FILE *file;

    (void) snprintf(path, sizeof path, "/proc/%ld/comm", (long) pid);
    (void) snprintf(name, size, "?");
    file = fopen(path, "r");
    if (file != NULL && fgets(name, (int) size, file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    if (file != NULL)
        (void) fclose(file);
}

int
main(int argc, char **argv)
{
    int status, code = 1;
    siginfo_t ended;
    pid_t child;

    if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return 2;
    child = fork();
    if (child == 0) {
        (void) execvp(argv[1], argv + 1);
        _exit(127);
    }
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | __WALL) == 0) {
        struct rusage usage;
        char name[64];

        read_name(ended.si_pid, name, sizeof name);
        if (wait4(ended.si_pid, &status, __WALL, &usage) != ended.si_pid)
            break;
        if (ended.si_pid == child)
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        (void) fprintf(stderr, "%s %ld %lld\n", name, usage.ru_maxrss,
                       microseconds(usage.ru_utime)
                           + microseconds(usage.ru_stime));
    }
    return code;
}
