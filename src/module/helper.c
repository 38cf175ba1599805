/*
 * The double clone. Everything between clone and exec makes raw system calls
 * only: the host may have threads, whose locks a copy of the process holds
 * for ever, and glibc's setuid would signal threads that are not there.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define SIGNALS 64               /* the kernel's, not glibc's, count */
#define SIGNAL_SET_SIZE (SIGNALS / 8)
#define FILES_MAX 256            /* RLIMIT_NOFILE of the helper */
#define FALLBACK_CLOSE_MAX 65536 /* where the kernel has no close_range */

/* clone() like fork(), but for the signal that the parent gets at the end. */
static pid_t
clone_process(unsigned long exit_signal)
{
#ifdef __s390__
    /* There the stack comes first. */
    return (pid_t) syscall(SYS_clone, NULL, exit_signal, NULL, NULL, NULL);
#else
    return (pid_t) syscall(SYS_clone, exit_signal, NULL, NULL, NULL, NULL);
#endif
}

/* What the intermediate leaves behind; shared with it. */
struct birth {
    volatile pid_t pid; /* of the helper; 0 when it was not born */
};

/*
 * Limits that the caller of a setuid host may have lowered, back to what the
 * helper needs. It sets its own, tighter ones later.
 */
static void
reset_limits(void)
{
    static const struct {
        int resource;
        rlim_t value;
    } limits[] = {
        {RLIMIT_NOFILE, FILES_MAX}, {RLIMIT_CPU, RLIM_INFINITY},
        {RLIMIT_FSIZE, RLIM_INFINITY}, {RLIMIT_DATA, RLIM_INFINITY},
        {RLIMIT_AS, RLIM_INFINITY}, {RLIMIT_NPROC, RLIM_INFINITY},
        {RLIMIT_STACK, 8 * 1024 * 1024}, {RLIMIT_MEMLOCK, 8 * 1024 * 1024},
        {RLIMIT_CORE, 0},
    };
    struct rlimit limit;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        limit.rlim_cur = limit.rlim_max = limits[i].value;
        if (setrlimit(limits[i].resource, &limit) == 0)
            continue;
        /* Not privileged: as far up as the hard limit goes. */
        if (getrlimit(limits[i].resource, &limit) == 0) {
            limit.rlim_cur = limits[i].value < limit.rlim_max
                                 ? limits[i].value
                                 : limit.rlim_max;
            (void) setrlimit(limits[i].resource, &limit);
        }
    }
}

static void
reset_signals(void)
{
    unsigned char none[SIGNAL_SET_SIZE] = {0};
    /* As large as any architecture's kernel sigaction: all zero is SIG_DFL. */
    unsigned char standard[64] = {0};

    for (int number = 1; number <= SIGNALS; number++)
        (void) syscall(SYS_rt_sigaction, number, standard, NULL,
                       SIGNAL_SET_SIZE);
    (void) syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL,
                   SIGNAL_SET_SIZE);
}

/* Everything above the socket. */
static void
close_others(void)
{
    if (syscall(SYS_close_range, WIRE_FD + 1, ~0u, 0) == 0)
        return;
    for (int fd = WIRE_FD + 1; fd < FALLBACK_CLOSE_MAX; fd++)
        (void) close(fd);
}

/*
 * The socket to WIRE_FD, /dev/null to 0-2, everything else closed: first of
 * all, for the host may have more open than the helper may, and then there is
 * no number left for a new one. dup2 onto itself would leave a descriptor
 * close-on-exec.
 */
static bool
reset_descriptors(int socket)
{
    int null;

    if (socket == WIRE_FD ? fcntl(WIRE_FD, F_SETFD, 0) < 0
                          : dup2(socket, WIRE_FD) < 0)
        return false;
    close_others();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    /* null may be one of the three itself, where the host had closed it. */
    for (int fd = 0; fd < WIRE_FD; fd++) {
        if (null == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(null, fd) < 0)
            return false;
    }
    return true;
}

/*
 * A setuid host's real uid is its caller's: it must not be able to signal or
 * trace the helper. All of root's from here on; the helper gives it up.
 */
static bool
reset_identity(void)
{
    if (geteuid() != 0)
        return true;
    return syscall(SYS_setgroups, 0, NULL) == 0
           && syscall(SYS_setresgid, 0, 0, 0) == 0
           && syscall(SYS_setresuid, 0, 0, 0) == 0;
}

static void __attribute__((noreturn))
become_helper(const char *path, int socket)
{
    char *const arguments[] = {(char *) "pam_cognito_helper", NULL};
    char *const environment[] = {NULL};

    (void) setsid();
    (void) umask(077);
    reset_limits();
    if (chdir("/") == 0 && reset_descriptors(socket) && reset_identity()) {
        reset_signals();
        (void) execve(path, arguments, environment);
    }
    _exit(127);
}

static void __attribute__((noreturn))
be_intermediate(const char *path, int socket, struct birth *birth)
{
    pid_t pid = clone_process(SIGCHLD);

    if (pid == 0)
        become_helper(path, socket);
    birth->pid = pid > 0 ? pid : 0;
    _exit(0);
}

/* Clones twice; the helper's pid, or 0 with errno. */
static pid_t
clone_twice(const char *path, int socket, struct birth *birth)
{
    unsigned char all[SIGNAL_SET_SIZE], before[SIGNAL_SET_SIZE];
    pid_t intermediate;
    int number, status;

    /* No handler of the host's may run in the copy. */
    memset(all, 0xff, sizeof(all));
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, before,
                SIGNAL_SET_SIZE) < 0)
        return 0;
    /* An exit signal of 0: the host hears nothing and waits for nothing. */
    intermediate = clone_process(0);
    if (intermediate == 0)
        be_intermediate(path, socket, birth);
    number = errno;
    if (intermediate > 0)
        while (waitpid(intermediate, &status, __WCLONE) < 0 && errno == EINTR)
            continue;
    (void) syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL,
                   SIGNAL_SET_SIZE);
    errno = intermediate > 0 && birth->pid == 0 ? EAGAIN : number;
    return birth->pid;
}

/* A descriptor above the standard ones, which the host may have closed. */
static int
lift(int fd)
{
    int high;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void) close(fd);
    return high;
}

/*
 * A handle on the process, or -1. The helper alone holds the other end of the
 * socket: while that is not at its end, the pid is still the helper's.
 */
static int
open_pidfd(pid_t pid, int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    int pidfd = lift((int) syscall(SYS_pidfd_open, pid, 0));

    if (pidfd < 0)
        return -1;
    if (poll(&poller, 1, 0) > 0 && (poller.revents & POLLHUP) != 0) {
        (void) close(pidfd);
        return -1;
    }
    (void) fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    return pidfd;
}

bool
helper_start(const char *path, struct helper *helper_out, char *error_out,
             size_t error_size)
{
    int pair[2] = {-1, -1};
    struct birth *birth = MAP_FAILED;
    char text[80];
    pid_t pid = 0;
    int number;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        pair[0] = lift(pair[0]);
        pair[1] = lift(pair[1]);
        birth = mmap(NULL, sizeof(*birth), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    if (pair[0] >= 0 && pair[1] >= 0 && birth != MAP_FAILED)
        pid = clone_twice(path, pair[1], birth);
    number = errno;
    if (birth != MAP_FAILED)
        (void) munmap(birth, sizeof(*birth));
    if (pair[1] >= 0)
        (void) close(pair[1]);
    if (pid == 0) {
        if (pair[0] >= 0)
            (void) close(pair[0]);
        (void) snprintf(error_out, error_size, "cannot start %.160s: %s",
                        path, strerror_r(number, text, sizeof(text)));
        return false;
    }
    helper_out->fd = pair[0];
    helper_out->pidfd = open_pidfd(pid, pair[0]);
    return true;
}

void
helper_end(struct helper *helper)
{
    if (helper->pidfd >= 0)
        (void) syscall(SYS_pidfd_send_signal, helper->pidfd, SIGKILL, NULL,
                       0);
    helper_leave(helper);
}

void
helper_leave(struct helper *helper)
{
    if (helper->pidfd >= 0)
        (void) close(helper->pidfd);
    if (helper->fd >= 0)
        (void) close(helper->fd);
    helper->pidfd = helper->fd = -1;
}
