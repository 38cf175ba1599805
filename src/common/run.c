/*
 * Starts another program (posix_spawn) with a minimal environment, and waits
 * for it with a deadline. For the tool alone: it is not part of the module.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wire.h"

#define OUTPUT_MAX (256 * 1024)
#define HELPER_END_MS 6000 /* it tidies up for 5 s at most */

/* input: what it reads, or -1. */
static bool
start(char *const words[], int input, int output, pid_t *pid_out)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LC_ALL=C";
    char *environment[] = {path, language, NULL};
    posix_spawn_file_actions_t actions;
    bool done;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    done = (input < 0
                ? posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                                   "/dev/null", O_RDONLY, 0)
                : posix_spawn_file_actions_adddup2(&actions, input,
                                                   STDIN_FILENO))
               == 0
           && posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
                  == 0
           && posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
                  == 0
           && posix_spawn_file_actions_addclosefrom_np(&actions,
                                                       STDERR_FILENO + 1)
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
        int64_t left = limit - clock_ms();

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

/* Until it has ended; true when all it said was read and it is content. */
static bool
attend(pid_t pid, int fd, unsigned int ms, char *buffer,
       struct secret *output_out)
{
    size_t length = 0;
    int status = -1;
    bool done = collect(fd, clock_ms() + ms, buffer, &length);

    if (!done)
        (void) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return secret_set(output_out, buffer, length) && done && WIFEXITED(status)
           && WEXITSTATUS(status) == 0;
}

static bool
run(char *const words[], int input, unsigned int ms, struct secret *output_out)
{
    char *buffer = malloc(OUTPUT_MAX);
    bool done;
    int ends[2];
    pid_t pid;

    secret_free(output_out);
    if (buffer == NULL || pipe2(ends, O_CLOEXEC) < 0) {
        free(buffer);
        return false;
    }
    done = start(words, input, ends[1], &pid);
    (void) close(ends[1]);
    done = done && attend(pid, ends[0], ms, buffer, output_out);
    (void) close(ends[0]);
    free(buffer);
    return done;
}

bool
run_program(char *const words[], unsigned int ms, struct secret *output_out)
{
    return run(words, -1, ms, output_out);
}

bool
run_program_with(char *const words[], const struct secret *input,
                 unsigned int ms, struct secret *output_out)
{
    bool done;
    int ends[2];

    /* So much goes into a pipe at once. */
    if (input->length > PIPE_BUF || pipe2(ends, O_CLOEXEC) < 0)
        return false;
    done = write(ends[1], input->data, input->length)
           == (ssize_t) input->length;
    (void) close(ends[1]);
    done = done && run(words, ends[0], ms, output_out);
    (void) close(ends[0]);
    return done;
}

/* /dev/null, the socket, nothing else; and no signal that we ignore. */
static bool
spawn_helper(const char *path, int socket, pid_t *pid_out)
{
    static char name[] = "pam_cognito_helper";
    char *words[] = {name, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    bool done;

    (void) sigfillset(&all);
    (void) sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    if (posix_spawnattr_init(&attributes) != 0) {
        (void) posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    done = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF
                                                     | POSIX_SPAWN_SETSIGMASK)
               == 0
           && posix_spawnattr_setsigdefault(&attributes, &all) == 0
           && posix_spawnattr_setsigmask(&attributes, &none) == 0
           && posix_spawn_file_actions_adddup2(&actions, socket, WIRE_FD) == 0
           && posix_spawn_file_actions_addchdir_np(&actions, "/") == 0
           && posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_FD + 1)
                  == 0;
    for (int fd = 0; fd < WIRE_FD; fd++)
        done = done
               && posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
                                                   O_RDWR, 0)
                      == 0;
    done = done
           && posix_spawn(pid_out, path, &actions, &attributes, words,
                          environment)
                  == 0;
    (void) posix_spawnattr_destroy(&attributes);
    (void) posix_spawn_file_actions_destroy(&actions);
    return done;
}

bool
run_helper_start(const char *path, struct run_helper *helper_out)
{
    int pair[2], high;
    bool done;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    /* Above what the new process gets, so that nothing is in the way. */
    high = fcntl(pair[1], F_DUPFD_CLOEXEC, WIRE_FD + 1);
    (void) close(pair[1]);
    done = high >= 0 && spawn_helper(path, high, &helper_out->pid);
    if (high >= 0)
        (void) close(high);
    if (!done)
        (void) close(pair[0]);
    helper_out->fd = done ? pair[0] : -1;
    return done;
}

void
run_helper_end(struct run_helper *helper, bool is_done)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    int64_t limit = clock_ms() + (is_done ? HELPER_END_MS : 0);
    pid_t ended;

    (void) shutdown(helper->fd, SHUT_RDWR);
    (void) close(helper->fd);
    while ((ended = waitpid(helper->pid, NULL, WNOHANG)) == 0
           && clock_ms() < limit)
        (void) nanosleep(&moment, NULL);
    if (ended == 0) {
        (void) kill(helper->pid, SIGKILL);
        (void) waitpid(helper->pid, NULL, 0);
    }
    helper->fd = -1;
}
