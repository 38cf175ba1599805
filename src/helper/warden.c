/*
 * Divides the helper in two and waits, as the warden, for one of both sides
 * to be gone. Reads nothing from the socket and knows no secret.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/remedy.h"
#include "common/wire.h"
#include "helper/filter.h"
#include "helper/sanitized.h"

#define AGAIN_MS 1000 /* it is another user's, whose name is on its way */
#define ALLOW(name) CALL(name, ALLOWED)

/*
 * All that it does, by the names that the architectures have for it. What
 * else a libc may try fails and is done without.
 */
static const struct sock_filter few_calls[] = {
#ifdef AUDIT_ARCHITECTURE
    LOAD(FIELD(arch)),
    IF_OTHER(AUDIT_ARCHITECTURE, ENDS),
#endif
    LOAD(FIELD(nr)),
    ALLOW(ppoll),
    ALLOW(restart_syscall),
    ALLOW(rt_sigreturn),
    ALLOW(clock_gettime),
    ALLOW(read),
    ALLOW(close),
    ALLOW(setresuid),
    ALLOW(kill),
    ALLOW(waitid),
    ALLOW(exit_group),
#ifdef SYS_ppoll_time64
    ALLOW(ppoll_time64),
    ALLOW(clock_gettime64),
#endif
#ifdef SYS_setresuid32
    ALLOW(setresuid32),
#endif
#ifdef SYS_sigreturn
    ALLOW(sigreturn),
#endif
#ifdef SYS_sendto
    ALLOW(sendto),
    ALLOW(recvfrom),
    ALLOW(shutdown),
#endif
#ifdef SYS_send
    ALLOW(send),
    ALLOW(recv),
#endif
#ifdef SYS_socketcall
    ALLOW(socketcall),
#endif
    FAILS(EPERM),
};

static void
wake(int number)
{
    (void) number;
}

/*
 * Descriptors, name and calls. The same calls fail in the worker where they
 * fail here, and it says so and signs nobody in.
 */
static void
confine(void)
{
    const struct sock_fprog program = {
        .len = sizeof(few_calls) / sizeof(few_calls[0]),
        .filter = (struct sock_filter *) (uintptr_t) few_calls,
    };

    for (int fd = 0; fd < WIRE_FD; fd++)
        (void) close(fd);
    (void) prctl(PR_SET_NAME, "cognito_warden");
    (void) prctl(PR_SET_DUMPABLE, 0);
    (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!MEASURED)
        (void) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/*
 * The end, told to the module when there was no peace in it. What the module
 * sent and nobody read is thrown away unread, or it would meet a reset instead
 * of this.
 */
static void __attribute__((noreturn)) leave(int socket, const siginfo_t *end)
{
    unsigned char message[2 + WIRE_ID_SIZE + 2] = {WIRE_VERSION, WIRE_ENDED};
    unsigned char *fields = message + 2 + WIRE_ID_SIZE;
    char unread;

    while (recv(socket, &unread, 0, MSG_DONTWAIT | MSG_TRUNC) > 0)
        continue;
    fields[end->si_code != CLD_EXITED] = (unsigned char) end->si_status;
    if (end->si_status != 0)
        (void) send(socket, message, sizeof(message),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    (void) shutdown(socket, SHUT_RDWR);
    /* Counting writes when it ends. */
    if (MEASURED)
        exit(0);
    _exit(0);
}

/* Leaves when the worker has ended; with 0, waits for that. */
static void
look_for_end(int socket, pid_t worker, int options)
{
    siginfo_t end = {0};
    int result;

    do
        result = waitid(P_PID, (id_t) worker, &end, WEXITED | options);
    while (result < 0 && errno == EINTR);
    if (result < 0 || end.si_pid == worker)
        leave(socket, &end);
}

/*
 * The worker's one word: who it is now. It sees by the closing that this was
 * done. Nothing is said by a worker that goes no further.
 */
static bool
take_identity(struct pollfd *pipe)
{
    uid_t uid = 0;
    ssize_t got = read(pipe->fd, &uid, sizeof(uid));
    bool taken = got == 0
                 || (got == (ssize_t) sizeof(uid) && uid != 0
                     && setresuid((uid_t) -1, uid, (uid_t) -1) == 0);

    (void) close(pipe->fd);
    pipe->fd = -1;
    return taken;
}

/*
 * Until something is seen, a child has ended, or the deadline, if any, is
 * there. False when that cannot be waited for.
 */
static bool
wait_for_news(struct pollfd watched[2], int64_t deadline)
{
    int64_t ms = deadline == 0 ? 0 : deadline - clock_ms();
    const struct timespec left
        = {.tv_sec = ms < 0 ? 0 : ms / 1000,
           .tv_nsec = ms < 0 ? 0 : (long) (ms % 1000) * 1000000};
    sigset_t none;

    (void) sigemptyset(&none);
    watched[0].revents = watched[1].revents = 0;
    return ppoll(watched, 2, deadline == 0 ? NULL : &left, &none) >= 0
           || errno == EINTR;
}

static void __attribute__((noreturn))
watch(int socket, int pipe, pid_t worker, int64_t life_ms)
{
    struct pollfd watched[] = {{.fd = socket}, {.fd = pipe, .events = POLLIN}};
    int64_t deadline = life_ms == 0 ? 0 : clock_ms() + life_ms; /* 0: none */
    bool sound = true;

    while (sound) {
        sound = wait_for_news(watched, deadline);
        /* @gone */ look_for_end(socket, worker, WNOHANG);
        if (sound && watched[1].revents != 0)
            sound = take_identity(&watched[1]);
        /* Its end is closed or shut: reported without being asked for. */
        if (sound && watched[0].revents != 0) {
            watched[0].fd = -1;
            deadline = clock_ms() + WARDEN_TIDY_MS;
        }
        if (deadline != 0 && clock_ms() >= deadline)
            sound = false;
    }
    /* A worker whose name is still to come waits for no answer. */
    if (watched[1].fd >= 0)
        (void) close(watched[1].fd);
    watched[0].fd = watched[1].fd = -1;
    /* Stopped, busy or hostile: it makes no difference. */
    while (kill(worker, SIGKILL) < 0
           && wait_for_news(watched, clock_ms() + AGAIN_MS))
        /* @gone-meanwhile */ look_for_end(socket, worker, WNOHANG);
    look_for_end(socket, worker, 0);
    _exit(1);
}

void
warden_begin(int socket, int64_t life_ms, struct warden *warden_out)
{
    struct sigaction action = {.sa_handler = wake, .sa_flags = SA_NOCLDSTOP};
    sigset_t child, before;
    pid_t warden = getpid(), worker;
    int ends[2];

    memset(warden_out, 0, sizeof(*warden_out));
    if (pipe2(ends, O_CLOEXEC) < 0) {
        warden_out->failed = errno;
        return;
    }
    (void) sigemptyset(&child);
    (void) sigaddset(&child, SIGCHLD);
    /* Heard in ppoll() only. */
    (void) sigprocmask(SIG_BLOCK, &child, &before);
    worker = fork();
    if (worker > 0) {
        (void) sigaction(SIGCHLD, &action, NULL);
        (void) close(ends[1]);
        confine();
        watch(socket, ends[0], worker, life_ms);
    }
    if (worker < 0)
        warden_out->failed = errno;
    (void) sigprocmask(SIG_SETMASK, &before, NULL);
    (void) close(ends[0]);
    if (worker < 0) {
        (void) close(ends[1]);
        return;
    }
    /* What is sent to the warden's group does not reach this one. */
    (void) setsid();
    warden_out->pid = warden;
    warden_out->pipe = ends[1];
}

static bool
fail(char *error, size_t size, const char *what, int number)
{
    char text[80];

    (void) snprintf(error, size, "%s: %s", what,
                    strerror_r(number, text, sizeof(text)));
    return false;
}

bool
warden_bind(const struct warden *warden, char *error_out, size_t error_size)
{
    struct pollfd closed = {.fd = warden->pipe};
    uid_t uid = getuid();
    int ready;

    if (warden->pid == 0) {
        char text[120];

        (void) fail(text, sizeof(text), "cannot start the warden",
                    warden->failed);
        (void) snprintf(error_out, error_size, "%s: %s", text,
                        remedy_clone(warden->failed));
        return false;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return fail(error_out, error_size, "cannot be bound to the warden",
                    errno);
    if (write(warden->pipe, &uid, sizeof(uid)) != (ssize_t) sizeof(uid))
        return fail(error_out, error_size, "cannot tell the warden", errno);
    do
        ready = poll(&closed, 1, -1);
    while (ready < 0 && errno == EINTR);
    (void) close(warden->pipe);
    /* One that ended before the tie was there pulls on nothing. */
    if (ready != 1 || getppid() != warden->pid)
        return fail(error_out, error_size, "the warden is gone", ESRCH);
    return true;
}
