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

#include "common/remedy.h"
#include "common/text.h"
#include "common/wire.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define SIGNALS 64 /* the kernel's, not glibc's, count */
#define SIGNAL_SET_SIZE (SIGNALS / 8)
#define FILES_MAX 256            /* RLIMIT_NOFILE of the helper */
#define FALLBACK_CLOSE_MAX 65536 /* where the kernel has no close_range */
#define TIE_FD (WIRE_FD + 1)
#define BIRTH_MS 2000 /* until a program that does not begin is let be */

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

/* The steps on the way to the program, in their order. */
enum step {
    STEP_CLONE, /* in the host */
    STEP_TIE,   /* in the intermediate */
    STEP_FORK,
    STEP_FOLDER,
    STEP_DESCRIPTORS,
    STEP_GROUPS,
    STEP_GID,
    STEP_UID,
    STEP_EXEC
};

/*
 * Shared between the host and what it starts, up to exec: the step that was
 * begun last, and its errno when it failed. A step that did not come back
 * ended the process.
 */
struct helper_birth {
    volatile enum step step;
    volatile int number;
    volatile bool born; /* the program runs, as far as is known */
    int tie; /* a pipe's end that closes with exec or with the process */
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
        {RLIMIT_NOFILE, FILES_MAX},
        {RLIMIT_CPU, RLIM_INFINITY},
        {RLIMIT_FSIZE, RLIM_INFINITY},
        {RLIMIT_DATA, RLIM_INFINITY},
        {RLIMIT_AS, RLIM_INFINITY},
        {RLIMIT_NPROC, RLIM_INFINITY},
        {RLIMIT_STACK, 8 * 1024 * 1024},
        {RLIMIT_MEMLOCK, 8 * 1024 * 1024},
        {RLIMIT_CORE, 0},
    };
    struct rlimit limit;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        limit.rlim_cur = limit.rlim_max = limits[i].value;
        if (setrlimit(limits[i].resource, &limit) == 0)
            continue;
        /* Not privileged: as far up as the hard limit goes. */
        if (getrlimit(limits[i].resource, &limit) == 0) {
            limit.rlim_cur = limits[i].value < limit.rlim_max ? limits[i].value
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

/* Everything above the tie. */
static void
close_others(void)
{
    if (syscall(SYS_close_range, TIE_FD + 1, ~0u, 0) == 0)
        return;
    for (int fd = TIE_FD + 1; fd < FALLBACK_CLOSE_MAX; fd++)
        (void) close(fd);
}

/*
 * The socket to WIRE_FD, the tie behind it, until exec closes it, /dev/null to
 * 0-2, everything else closed: first of all, for the host may have more open
 * than the helper may, and then there is no number left for a new one. dup2
 * onto itself would leave a descriptor close-on-exec.
 */
static bool
reset_descriptors(int socket, int tie)
{
    int null;

    if (socket == WIRE_FD ? fcntl(WIRE_FD, F_SETFD, 0) < 0
                          : dup2(socket, WIRE_FD) < 0)
        return false;
    if (tie != TIE_FD
        && (dup2(tie, TIE_FD) < 0 || fcntl(TIE_FD, F_SETFD, FD_CLOEXEC) < 0))
        return false;
    close_others();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    /* null may be one of the three itself, where the host had closed it. */
    for (int fd = 0; fd < WIRE_FD; fd++) {
        if (null == fd ? fcntl(fd, F_SETFD, 0) < 0
                       : /* @null */ dup2(null, fd) < 0)
            return false;
    }
    return true;
}

/*
 * A setuid host's real uid is its caller's: it must not be able to signal or
 * trace the helper. All of root's from here on; the helper gives it up.
 */
static bool
reset_identity(struct helper_birth *birth)
{
    if (geteuid() != 0)
        return true;
    birth->step = STEP_GROUPS;
    if (syscall(SYS_setgroups, 0, NULL) != 0)
        return false;
    birth->step = STEP_GID;
    if (syscall(SYS_setresgid, 0, 0, 0) != 0)
        return false;
    birth->step = STEP_UID;
    return syscall(SYS_setresuid, 0, 0, 0) == 0;
}

static bool
reset_all(int socket, struct helper_birth *birth)
{
    (void) setsid();
    (void) umask(077);
    reset_limits();
    birth->step = STEP_FOLDER;
    if (chdir("/") < 0)
        return false;
    birth->step = STEP_DESCRIPTORS;
    return reset_descriptors(socket, birth->tie) && reset_identity(birth);
}

static void __attribute__((noreturn))
become_helper(const char *path, int socket, struct helper_birth *birth)
{
    char *const arguments[] = {(char *) "pam_cognito_helper", NULL};
    char *const environment[] = {NULL};

    if (reset_all(socket, birth)) {
        reset_signals();
        birth->step = STEP_EXEC;
        (void) execve(path, arguments, environment);
    }
    birth->number = errno;
    _exit(127);
}

/*
 * Until the program runs, or its process is gone: what refuses to let it begin
 * is known before anything is sent to it.
 */
static bool
sees_birth(int tie, struct helper_birth *birth)
{
    struct pollfd closed = {.fd = tie};
    int ready;

    do
        ready = poll(&closed, 1, BIRTH_MS);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        birth->number = errno;
    return ready == 0
           || (ready > 0 && birth->step == STEP_EXEC && birth->number == 0);
}

static void __attribute__((noreturn))
be_intermediate(const char *path, int socket, struct helper_birth *birth)
{
    int ends[2];
    pid_t pid = -1;

    birth->step = STEP_TIE;
    /* Above WIRE_FD, which the socket will take. */
    if (pipe2(ends, O_CLOEXEC) == 0
        && (birth->tie = fcntl(ends[1], F_DUPFD_CLOEXEC, TIE_FD)) >= 0) {
        (void) close(ends[1]);
        birth->step = STEP_FORK;
        pid = clone_process(SIGCHLD);
    }
    if (pid == 0)
        become_helper(path, socket, birth);
    if (pid < 0) {
        birth->number = errno;
        _exit(0);
    }
    (void) close(birth->tie);
    birth->born = sees_birth(ends[0], birth);
    _exit(0);
}

/* Clones twice. False: *birth says at which step that failed. */
static bool
clone_twice(const char *path, int socket, struct helper_birth *birth)
{
    unsigned char all[SIGNAL_SET_SIZE], before[SIGNAL_SET_SIZE];
    pid_t intermediate;
    int status;

    /* No handler of the host's may run in the copy. */
    memset(all, 0xff, sizeof(all));
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, before, SIGNAL_SET_SIZE)
        < 0) {
        birth->number = errno;
        return false;
    }
    /* An exit signal of 0: the host hears nothing and waits for nothing. */
    intermediate = clone_process(0);
    if (intermediate == 0)
        be_intermediate(path, socket, birth);
    if (intermediate < 0)
        birth->number = errno;
    else
        while (waitpid(intermediate, &status, __WCLONE) < 0 && errno == EINTR)
            continue;
    (void) syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL,
                   SIGNAL_SET_SIZE);
    return birth->born;
}

int
helper_lift(int fd)
{
    int high, number;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    number = errno;
    (void) close(fd);
    errno = number;
    return high;
}

static struct helper_birth *
make_birth(void)
{
    void *page = mmap(NULL, sizeof(struct helper_birth),
                      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);

    return page == MAP_FAILED ? NULL : page;
}

/* The step that failed, and what to do about it. */
static void
describe(const struct helper_birth *birth, char *text_out, size_t size)
{
    static const char *const steps[] = {[STEP_CLONE] = "clone",
                                        [STEP_TIE] = "pipe2",
                                        [STEP_FORK] = "clone",
                                        [STEP_FOLDER] = "chdir /",
                                        [STEP_DESCRIPTORS] = "/dev/null",
                                        [STEP_GROUPS] = "setgroups",
                                        [STEP_GID] = "setresgid",
                                        [STEP_UID] = "setresuid",
                                        [STEP_EXEC] = "execve"};
    enum step step = birth->step;
    int number = birth->number;
    const char *remedy = "RootDirectory=, PrivateDevices= or "
                         "SystemCallFilter= of the service is in the way";
    char text[80];

    if (step == STEP_TIE)
        remedy = "LimitNOFILE= of the service is used up";
    else if (step == STEP_CLONE || step == STEP_FORK)
        remedy = remedy_clone(number);
    else if (step == STEP_EXEC)
        remedy = remedy_exec(number);
    else if (step >= STEP_GROUPS)
        remedy = remedy_identity(number);
    (void) snprintf(text_out, size, "%s: %s: %s", steps[step],
                    number == 0 ? "killed"
                                : strerror_r(number, text, sizeof(text)),
                    remedy);
}

bool
helper_start(const char *path, struct helper *helper_out, char *error_out,
             size_t error_size)
{
    int pair[2] = {-1, -1};
    struct helper_birth *birth = NULL;
    bool started = false;
    char text[200], shown[161];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        pair[0] = helper_lift(pair[0]);
        pair[1] = helper_lift(pair[1]);
        birth = make_birth();
    }
    *helper_out = (struct helper){pair[0], birth};
    if (pair[0] < 0 || pair[1] < 0 || birth == NULL)
        (void) snprintf(text, sizeof(text), "%s",
                        strerror_r(errno, error_out, error_size));
    else if (clone_twice(path, pair[1], birth))
        started = true;
    else
        describe(birth, text, sizeof(text));
    if (pair[1] >= 0)
        (void) close(pair[1]);
    if (started)
        return true;
    (void) snprintf(error_out, error_size, "cannot start %s: %s",
                    text_path(path, shown, sizeof(shown)), text);
    helper_leave(helper_out);
    return false;
}

void
helper_why(const struct helper *helper, char *text_out, size_t size)
{
    if (helper->birth == NULL)
        (void) snprintf(text_out, size, "%s",
                        "the helper of pam_cognito.socket ended before it "
                        "said anything: journalctl -u 'pam_cognito@*'");
    else if (helper->birth->step == STEP_EXEC && helper->birth->number == 0)
        (void) snprintf(text_out, size, "%s",
                        "the helper ended before it said anything: a library "
                        "is missing (ldd), or SystemCallFilter= of the "
                        "service must allow @system-service");
    else
        describe(helper->birth, text_out, size);
}

void
helper_end(struct helper *helper)
{
    if (helper->fd >= 0)
        (void) shutdown(helper->fd, SHUT_RDWR);
    helper_leave(helper);
}

void
helper_leave(struct helper *helper)
{
    if (helper->birth != NULL)
        (void) munmap(helper->birth, sizeof(*helper->birth));
    if (helper->fd >= 0)
        (void) close(helper->fd);
    *helper = (struct helper) HELPER_NONE;
}
