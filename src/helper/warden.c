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
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/remedy.h"
#include "common/wire.h"
#include "helper/filter.h"
#include "helper/sanitized.h"

#define AGAIN_MS 1000 /* it is another user's, whose name is on its way */
#define DISCARD_US 200000
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
#ifdef SYS_poll
    ALLOW(poll),
#endif
    ALLOW(restart_syscall),
    ALLOW(rt_sigreturn),
    ALLOW(clock_gettime),
    ALLOW(read),
    ALLOW(pread64),
    ALLOW(pwrite64),
    ALLOW(flock),
    ALLOW(close),
    ALLOW(setresuid),
    ALLOW(kill),
    ALLOW(waitid),
    ALLOW(exit_group),
    ALLOW(setitimer),
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

/* Descriptors and name. */
static void
undress(void)
{
    for (int fd = 0; fd < WIRE_FD; fd++)
        (void) close(fd);
    (void) prctl(PR_SET_NAME, "cognito_warden");
    (void) prctl(PR_SET_DUMPABLE, 0);
}

/*
 * Calls. The same fail in the worker where they fail here, and it says so and
 * signs nobody in.
 */
static void
confine(void)
{
    const struct sock_fprog program = {
        .len = sizeof(few_calls) / sizeof(few_calls[0]),
        .filter = (struct sock_filter *) (uintptr_t) few_calls,
    };

    (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!MEASURED)
        (void) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/*
 * What was sent and nobody read; no more is taken. A descriptor that came along
 * is closed by this, and a stranger decides how long that takes (SO_LINGER):
 * the alarm ends it, and this process.
 */
static void
discard_unread(int socket)
{
    const struct itimerval limit = {.it_value = {.tv_usec = DISCARD_US}};
    char unread;

    (void) setitimer(ITIMER_REAL, &limit, NULL);
    (void) shutdown(socket, SHUT_RD);
    while (recv(socket, &unread, 0, MSG_DONTWAIT | MSG_TRUNC) > 0)
        continue;
}

/*
 * The end, told to the module when there was no peace in it. With something
 * left unread it would meet a reset instead of this.
 */
static void __attribute__((noreturn)) leave(int socket, const siginfo_t *end)
{
    unsigned char message[2 + WIRE_ID_SIZE + 2] = {WIRE_VERSION, WIRE_ENDED};
    unsigned char *fields = message + 2 + WIRE_ID_SIZE;

    fields[end->si_code != CLD_EXITED] = (unsigned char) end->si_status;
    if (end->si_status != 0)
        (void) send(socket, message, sizeof(message),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    discard_unread(socket);
    (void) shutdown(socket, SHUT_RDWR);
    /* Counting writes when it ends. */
    if (MEASURED)
        exit(0);
    _exit(0);
}

/* Leaves when the worker has ended; with 0, waits for that. */
static void
look_for_end(int socket, pid_t worker, int options, struct record *record)
{
    siginfo_t end = {0};
    int result;

    do
        result = waitid(P_PID, (id_t) worker, &end, WEXITED | options);
    while (result < 0 && errno == EINTR);
    if (result >= 0 && end.si_pid != worker)
        return;
    if (record != NULL)
        record_end(record);
    leave(socket, &end);
}

/* The worker has become that user, and will hear that this one has, too. */
static bool
take_identity(uid_t uid)
{
    return uid != 0 && setresuid((uid_t) -1, uid, (uid_t) -1) == 0;
}

/*
 * What the worker says: whose conversation it is, once and with the first
 * word; who it is now; then what is for the records. After the first word no
 * file can be opened any more. Without records the line is closed with the
 * identity, and the worker sees by this that it was taken.
 */
static bool
listen_to(struct pollfd *line, struct record *record)
{
    union {
        struct record_subject subject;
        uid_t uid;
        char word;
    } said;
    ssize_t got = read(line->fd, &said, sizeof(said));
    char answer = RECORD_CANNOT;
    bool taken = true;

    if (record != NULL && !record->begun && got > 0) {
        if (got == (ssize_t) sizeof(said.subject))
            answer = (char) record_begin(record, &said.subject);
        record->begun = true;
        confine();
    } else if (got == (ssize_t) sizeof(said.uid)) {
        taken = take_identity(said.uid);
        answer = RECORD_YES;
    } else if (record != NULL && got == (ssize_t) sizeof(said.word)) {
        answer = (char) record_answer(record, said.word);
    } else {
        /* The end; nothing is said by a worker that goes no further. */
        taken = got == 0;
        record = NULL;
    }
    if (record != NULL && taken)
        (void) send(line->fd, &answer, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (record == NULL || !taken) {
        (void) close(line->fd);
        line->fd = -1;
    }
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
watch(int socket, int line, pid_t worker, int64_t life_ms,
      struct record *record)
{
    struct pollfd watched[] = {{.fd = socket}, {.fd = line, .events = POLLIN}};
    int64_t deadline = life_ms == 0 ? 0 : clock_ms() + life_ms; /* 0: none */
    bool sound = true;

    while (sound) {
        sound = wait_for_news(watched, deadline);
        /* @gone */ look_for_end(socket, worker, WNOHANG, record);
        if (sound && watched[1].revents != 0)
            sound = listen_to(&watched[1], record);
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
        /* @gone-meanwhile */ look_for_end(socket, worker, WNOHANG, record);
    look_for_end(socket, worker, 0, record);
    _exit(1);
}

void
warden_begin(int socket, int64_t life_ms, bool records,
             struct warden *warden_out)
{
    struct sigaction action = {.sa_handler = wake, .sa_flags = SA_NOCLDSTOP};
    sigset_t child, before;
    struct record record = {0};
    pid_t warden = getpid(), worker;
    int ends[2];

    memset(warden_out, 0, sizeof(*warden_out));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
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
        undress();
        if (!records)
            confine();
        watch(socket, ends[0], worker, life_ms, records ? &record : NULL);
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
    warden_out->line = ends[1];
    warden_out->records = records;
}

static bool
fail(char *error, size_t size, const char *what, int number)
{
    char text[80];

    (void) snprintf(error, size, "%s: %s", what,
                    strerror_r(number, text, sizeof(text)));
    return false;
}

/* One message to the warden, and its answer. */
static enum record_word
exchange(const struct warden *warden, const void *message, size_t size)
{
    char answer = RECORD_CANNOT;
    ssize_t got;

    if (!warden->records
        || send(warden->line, message, size, MSG_NOSIGNAL) != (ssize_t) size)
        return RECORD_CANNOT;
    do
        got = read(warden->line, &answer, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? (enum record_word) answer : RECORD_CANNOT;
}

enum record_word
warden_tell(const struct warden *warden, const struct record_subject *subject)
{
    return exchange(warden, subject, sizeof(*subject));
}

enum record_word
warden_ask(const struct warden *warden, char word)
{
    return exchange(warden, &word, 1);
}

/* Says who this is now, and waits until the warden is it, too. */
static bool
tell_identity(const struct warden *warden)
{
    uid_t uid = getuid();
    ssize_t got;
    char end;

    if (warden->records)
        return exchange(warden, &uid, sizeof(uid)) == RECORD_YES;
    if (send(warden->line, &uid, sizeof(uid), MSG_NOSIGNAL)
        != (ssize_t) sizeof(uid))
        return false;
    do
        got = read(warden->line, &end, 1);
    while (got < 0 && errno == EINTR);
    return got == 0;
}

bool
warden_bind(const struct warden *warden, char *error_out, size_t error_size)
{
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
    if (!tell_identity(warden))
        return fail(error_out, error_size, "cannot tell the warden", errno);
    if (!warden->records)
        (void) close(warden->line);
    /* One that ended before the tie was there pulls on nothing. */
    if (getppid() != warden->pid)
        return fail(error_out, error_size, "the warden is gone", ESRCH);
    return true;
}
