/*
 * A worker that was taken over, for the place of the installed helper: it
 * begins as that one does, with the same warden and sandbox, and then does
 * what the name of the user says that it is asked about: WHEN-WHAT.
 *
 *   when: late    before its warden knows who it is now: when the warden's
 *                 time for it is over
 *         ask     at the prompt
 *         silence after the answer
 *         refuse  after a RESULT that refuses
 *         accept  after a RESULT that lets in
 *   what: stay, stop (it stays, and is stopped from outside), busy, memory,
 *         leader, crash, leave, and report, which tries what could be done to
 *         the warden and logs what came of each ("report-free": without the
 *         sandbox).
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/status.h"
#include "common/wire.h"
#include "flows/talk.h"
#include "helper/sandbox.h"
#include "helper/warden.h"

#define MEMORY (400UL * 1024 * 1024)
#define LATE_SECONDS 10 /* the module's time, the warden's, and some more */

static struct wire *wire;
static unsigned char id[WIRE_ID_SIZE];
static char user[256];

static void
send_log(const char *text)
{
    wire_begin(wire, WIRE_LOG, id);
    wire_put_byte(wire, TALK_LOG_NOTICE);
    wire_put_text(wire, text);
    (void) wire_send(wire, WIRE_FD);
}

/* ---- What ---- */

static void
stay(void)
{
    for (;;)
        (void) pause();
}

static void
be_busy(void)
{
    for (;;)
        continue;
}

static void
take_memory(void)
{
    char *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory != MAP_FAILED)
        memset(memory, 1, MEMORY);
    stay();
}

static void *
stay_too(void *unused)
{
    stay();
    return unused;
}

/* The first thread ends, and with it what the kernel calls the process. */
static void
end_leader(void)
{
    pthread_t thread;

    (void) pthread_create(&thread, NULL, stay_too, NULL);
    (void) syscall(SYS_exit, 0);
}

static void
crash(void)
{
    *(volatile int *) NULL = 1;
}

static void
leave(void)
{
    _exit(3);
}

static void
note(const char *deed, long result)
{
    char line[80];

    (void) snprintf(line, sizeof(line), "%s %s", deed,
                    result >= 0 ? "done" : strerrorname_np(errno));
    send_log(line);
}

static long
fork_and_end(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return pid;
}

static void
report(void)
{
    pid_t warden = getppid();
    char path[40], copy[8];
    struct iovec here = {copy, sizeof(copy)}, there = {wire, sizeof(copy)};
    struct rlimit limit = {64, 64};
    cpu_set_t set;

    note("kill", kill(warden, SIGKILL));
    note("stop", kill(warden, SIGSTOP));
    note("group", kill(0, 0));
    note("ptrace", ptrace(PTRACE_SEIZE, warden, NULL, NULL));
    note("read", process_vm_readv(warden, &here, 1, &there, 1, 0));
    note("prlimit", prlimit(warden, RLIMIT_CPU, &limit, NULL));
    note("nice", setpriority(PRIO_PROCESS, (id_t) warden, 19));
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    note("affinity", sched_setaffinity(warden, sizeof(set), &set));
    (void) snprintf(path, sizeof(path), "/proc/%d/mem", (int) warden);
    note("memory", open(path, O_RDWR | O_CLOEXEC));
    note("fork", fork_and_end());
    note("untie", prctl(PR_SET_PDEATHSIG, 0));
    note("root", setuid(0));
}

static void
do_it(const char *what)
{
    static const struct {
        const char *name;
        void (*deed)(void);
    } deeds[] = {{"stay", stay},         {"stop", stay},
                 {"busy", be_busy},      {"memory", take_memory},
                 {"leader", end_leader}, {"crash", crash},
                 {"leave", leave},       {"report", report}};

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
        /* "report-free" has the same name up to there. */
        if (strncmp(deeds[i].name, what, strlen(deeds[i].name)) == 0)
            deeds[i].deed();
}

/* ---- When ---- */

static void
receive_start(void)
{
    enum wire_type type;

    if (wire_receive(wire, WIRE_FD, &type, id) != WIRE_OK
        || type != WIRE_START)
        _exit(9);
    (void) wire_get_byte(wire);
    (void) wire_get_number(wire);
    (void) wire_get_number(wire);
    (void) snprintf(user, sizeof(user), "%s", wire_get_text(wire, WIRE_MAX));
}

static void
ask(void)
{
    unsigned char theirs[WIRE_ID_SIZE];
    enum wire_type type;

    wire_begin(wire, WIRE_ASK, id);
    wire_put_byte(wire, TALK_PASSWORD);
    wire_put_text(wire, "Password: ");
    (void) wire_send(wire, WIRE_FD);
    if (strncmp(user, "ask-", 4) == 0)
        do_it(user + 4);
    if (wire_receive(wire, WIRE_FD, &type, theirs) != WIRE_OK)
        _exit(8);
}

static void
send_result(enum status status)
{
    wire_begin(wire, WIRE_RESULT, id);
    wire_put_byte(wire, status);
    for (int i = 0; i < 3; i++)
        wire_put_number(wire, 0);
    for (int i = 0; i < 4; i++)
        wire_put_text(wire, "");
    (void) wire_send(wire, WIRE_FD);
    (void) shutdown(WIRE_FD, SHUT_WR);
}

static void
work(void)
{
    const char *what = strchr(user, '-');

    ask();
    if (what == NULL)
        return;
    if (strncmp(user, "refuse", 6) == 0)
        send_result(STATUS_WRONG_PASSWORD);
    else if (strncmp(user, "accept", 6) == 0)
        send_result(STATUS_OK);
    do_it(what + 1);
}

/* Everything that could end it by itself. Known by the name of its deed. */
static void
be_deaf(void)
{
    (void) prctl(PR_SET_NAME, user);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGSEGV)
            (void) signal(number, SIG_IGN);
    (void) alarm(0);
}

/* Known by then by its name, too. */
static bool
be_late(void)
{
    if (strncmp(user, "late-", 5) == 0) {
        (void) prctl(PR_SET_NAME, user);
        (void) sleep(LATE_SECONDS);
    }
    return false;
}

int
main(void)
{
    const struct sandbox_needs needs = {.endpoint = 443};
    struct warden warden = {0};
    char error[320], text[160];

    warden_begin(WIRE_FD, 0, false, &warden);
    wire = wire_new();
    if (wire == NULL)
        return 1;
    receive_start();
    if (!sandbox_drop(HELPER_USER, false, error, sizeof(error)) || be_late()
        || !warden_bind(&warden, error, sizeof(error))
        || (strstr(user, "-free") == NULL
            && !sandbox_confine(&needs, error, sizeof(error), text,
                                sizeof(text)))) {
        send_log(error);
        return 1;
    }
    be_deaf();
    work();
    /* A refusal, where nothing else was said. */
    send_result(STATUS_WRONG_PASSWORD);
    return 0;
}
