/*
 * posix_spawn, a pipe, a deadline.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cognito/http.h"

#define OUTPUT_MAX (256 * 1024)

static bool
start(char *const words[], int output, pid_t *pid_out)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LC_ALL=C";
    char *environment[] = {path, language, NULL};
    posix_spawn_file_actions_t actions;
    bool done;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    done = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                            "/dev/null", O_RDONLY, 0)
               == 0
           && posix_spawn_file_actions_adddup2(&actions, output,
                                               STDOUT_FILENO)
                  == 0
           && posix_spawn_file_actions_adddup2(&actions, output,
                                               STDERR_FILENO)
                  == 0
           && posix_spawn(pid_out, words[0], &actions, NULL, words,
                          environment)
                  == 0;
    (void) posix_spawn_file_actions_destroy(&actions);
    return done;
}

/* Reads until the end; false when it is late, too much or fails. */
static bool
collect(int fd, int64_t limit, char *buffer, size_t *length)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    ssize_t count;

    for (;;) {
        int64_t left = limit - http_now();

        if (left <= 0 || *length == OUTPUT_MAX)
            return false;
        if (poll(&watched, 1, (int) left) < 0 && errno != EINTR)
            return false;
        if ((watched.revents & (POLLIN | POLLHUP)) == 0)
            continue;
        count = read(fd, buffer + *length, OUTPUT_MAX - *length);
        if (count == 0)
            return true;
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0)
            *length += (size_t) count;
    }
}

bool
run_program(char *const words[], unsigned int ms, struct secret *output_out)
{
    char *buffer = malloc(OUTPUT_MAX);
    int pipes[2] = {-1, -1}, status = -1;
    size_t length = 0;
    bool done = false;
    pid_t pid;

    secret_free(output_out);
    if (buffer == NULL || pipe2(pipes, O_CLOEXEC) < 0)
        goto out;
    if (!start(words, pipes[1], &pid))
        goto out;
    (void) close(pipes[1]);
    pipes[1] = -1;
    done = collect(pipes[0], http_now() + ms, buffer, &length);
    if (!done)
        (void) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    done = secret_set(output_out, buffer, length) && done
           && WIFEXITED(status) && WEXITSTATUS(status) == 0;

out:
    if (pipes[0] >= 0)
        (void) close(pipes[0]);
    if (pipes[1] >= 0)
        (void) close(pipes[1]);
    free(buffer);
    return done;
}
