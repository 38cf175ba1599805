/*
 * A PAM host that measures. Enter is the moment its conversation function
 * returns the password.
 *
 *   host login SERVICE USER PASSWORD TYPE_MS [ANSWER ...]
 *   host passwd SERVICE USER PASSWORD TYPE_MS [ANSWER ...]
 *       one login, or one change of a password; prints: nanoseconds from the
 *       last Enter to the verdict (-1 when nothing was asked), nanoseconds of
 *       the whole pam_authenticate or pam_chauthtok, its code. Questions after
 *       the first get the ANSWERs, the last one again and again
 *   host grow SERVICE USER PASSWORD COUNT WARM
 *       COUNT logins after WARM ones; prints by how many KiB the host's
 *       memory grew (resident; private and written), and how many logins
 *       failed
 *   host load SERVICE USER PASSWORD JOBS COUNT
 *       COUNT logins by JOBS processes; prints logins per second and failures
 *   host scope WITH WITHOUT USER RUNS
 *       whole calls (start to end) through two services, in turns; prints the
 *       nanoseconds of each pair, then how many processes were started by
 *       those of WITH
 *   host decide WITH WITHOUT USER RUNS GROUP
 *       pam_authenticate alone through two services, and the look-up of a
 *       group and of all groups of the user, in turns; prints the nanoseconds
 *       of the three
 *   host run PROGRAM [WORD ...]
 *       prints the nanoseconds from before the program's start until it says
 *       something
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64
#define RECORD_MAX (1 << 20)
#define GROUPS_MAX 64

static char *
    *answers; /* the password and what comes after it; ends with NULL */
static long type_ms;
static int64_t entered; /* when Enter was pressed, or -1 */

static void __attribute__((noreturn)) die(const char *what)
{
    (void) fprintf(stderr, "host: %s\n", what);
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **replies_out, void *context)
{
    struct timespec wait = {type_ms / 1000, type_ms % 1000 * 1000000};
    struct pam_response *replies = calloc((size_t) count, sizeof *replies);

    (void) context;
    if (replies == NULL)
        return PAM_BUF_ERR;
    *replies_out = replies;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF
            && messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
            continue;
        replies[i].resp = strdup(*answers);
        if (answers[1] != NULL)
            answers++;
        if (type_ms > 0)
            (void) nanosleep(&wait, NULL);
        entered = now_ns();
    }
    return PAM_SUCCESS;
}

static pam_handle_t *
begin(const char *service, const char *user)
{
    static const struct pam_conv conversation = {converse, NULL};
    pam_handle_t *handle = NULL;

    if (pam_start(service, user, &conversation, &handle) != PAM_SUCCESS)
        die("pam_start");
    return handle;
}

static int
log_in(const char *service, const char *user)
{
    pam_handle_t *handle = begin(service, user);
    int code = pam_authenticate(handle, 0);

    (void) pam_end(handle, code);
    return code;
}

/* In place of libpam's pause after a refusal: it is no part of a verdict. */
static void
do_not_pause(int code, unsigned int microseconds, void *context)
{
    (void) code;
    (void) microseconds;
    (void) context;
}

static void
measure_one(int (*call)(pam_handle_t *handle, int flags), const char *service,
            const char *user)
{
    pam_handle_t *handle = begin(service, user);
    int64_t begun, ended;
    int code;

    (void) pam_set_item(handle, PAM_FAIL_DELAY,
                        (const void *) (uintptr_t) do_not_pause);
    entered = -1;
    begun = now_ns();
    code = call(handle, 0);
    ended = now_ns();
    (void) pam_end(handle, code);
    (void) printf("%lld %lld %d\n",
                  (long long) (entered < 0 ? -1 : ended - entered),
                  (long long) (ended - begun), code);
}

/* KiB by the name of a line of a file in /proc/self. */
static long
memory(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    char line[256];
    long size = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            size += strtol(line + strlen(name), NULL, 10);
    if (file != NULL)
        (void) fclose(file);
    return size;
}

static void
measure_growth(const char *service, const char *user, long count, long warm)
{
    static const char status[] = "/proc/self/status";
    static const char rollup[] = "/proc/self/smaps_rollup";
    long resident = 0, written = 0, failed = 0;

    for (long i = 0; i < warm + count; i++) {
        if (i == warm) {
            resident = memory(status, "VmRSS:");
            written = memory(rollup, "Private_Dirty:");
        }
        failed += log_in(service, user) != PAM_SUCCESS;
    }
    (void) printf("%ld %ld %ld\n", memory(status, "VmRSS:") - resident,
                  memory(rollup, "Private_Dirty:") - written, failed);
}

static void
measure_load(const char *service, const char *user, int jobs, long count)
{
    pid_t children[JOBS_MAX];
    int64_t begun = now_ns();
    long failed = 0;

    if (jobs < 1 || jobs > JOBS_MAX)
        die("jobs");
    for (int i = 0; i < jobs; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (long done = i; done < count; done += jobs)
                if (log_in(service, user) != PAM_SUCCESS)
                    failed++;
            _exit(failed > 255 ? 255 : (int) failed);
        }
    }
    for (int i = 0; i < jobs; i++) {
        int status = 255;

        (void) waitpid(children[i], &status, 0);
        failed += WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    (void) printf("%.1f %ld\n",
                  (double) count / ((double) (now_ns() - begun) / 1e9),
                  failed);
}

static int64_t
measure_call(const char *service, const char *user)
{
    int64_t begun = now_ns();
    pam_handle_t *handle = begin(service, user);

    (void) pam_authenticate(handle, 0);
    (void) pam_setcred(handle, PAM_ESTABLISH_CRED);
    (void) pam_acct_mgmt(handle, 0);
    (void) pam_open_session(handle, 0);
    (void) pam_close_session(handle, 0);
    (void) pam_end(handle, PAM_SUCCESS);
    return now_ns() - begun;
}

/* The number the next process gets; it is that process which is used up. */
static pid_t
next_pid(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    (void) waitpid(pid, NULL, 0);
    return pid;
}

static void
measure_scope(const char *with, const char *without, const char *user,
              long runs)
{
    pid_t before, after;

    (void) measure_call(with, user);
    (void) measure_call(without, user);
    for (long i = 0; i < runs; i++) {
        int64_t one = measure_call(with, user);

        (void) printf("%lld %lld\n", (long long) one,
                      (long long) measure_call(without, user));
    }
    before = next_pid();
    for (long i = 0; i < runs; i++)
        (void) measure_call(with, user);
    after = next_pid();
    (void) printf("%ld\n", (long) (after - before - 1));
}

static int64_t
measure_authenticate(const char *service, const char *user)
{
    pam_handle_t *handle = begin(service, user);
    int64_t begun = now_ns(), ended;

    (void) pam_set_item(handle, PAM_FAIL_DELAY,
                        (const void *) (uintptr_t) do_not_pause);
    (void) pam_authenticate(handle, 0);
    ended = now_ns();
    (void) pam_end(handle, PAM_SUCCESS);
    return ended - begun;
}

static int64_t
measure_look_ups(const char *user, const char *name)
{
    const struct passwd *account = getpwnam(user);
    char *memory = malloc(RECORD_MAX);
    gid_t groups[GROUPS_MAX];
    struct group record, *group = NULL;
    int count = GROUPS_MAX;
    int64_t begun = now_ns();

    if (account == NULL || memory == NULL
        || getgrnam_r(name, &record, memory, RECORD_MAX, &group) != 0
        || group == NULL
        || getgrouplist(user, account->pw_gid, groups, &count) < 0)
        die("look-ups");
    free(memory);
    return now_ns() - begun;
}

static void
measure_decision(const char *with, const char *without, const char *user,
                 long runs, const char *group)
{
    for (long i = -1; i < runs; i++) {
        int64_t one = measure_authenticate(with, user);
        int64_t other = measure_authenticate(without, user);
        int64_t bare = measure_look_ups(user, group);

        if (i >= 0)
            (void) printf("%lld %lld %lld\n", (long long) one,
                          (long long) other, (long long) bare);
    }
}

static void
measure_program(char **words)
{
    int64_t begun = now_ns();
    char byte;
    int ends[2];
    pid_t child;

    if (pipe(ends) < 0)
        die("pipe");
    child = fork();
    if (child == 0) {
        (void) dup2(ends[1], STDOUT_FILENO);
        (void) execv(words[0], words);
        _exit(127);
    }
    (void) close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        die("the program said nothing");
    (void) printf("%lld\n", (long long) (now_ns() - begun));
    (void) close(ends[0]);
    (void) waitpid(child, NULL, 0);
}

int
main(int argc, char **argv)
{
    static char none[] = "";
    static char *nothing[] = {none, NULL};
    const char *what = argc > 1 ? argv[1] : "";

    if (argc > 2 && strcmp(what, "run") == 0) {
        measure_program(argv + 2);
        return 0;
    }
    if (argc < 6)
        die("see the head of host.c");
    answers = nothing;
    if (strcmp(what, "login") == 0 || strcmp(what, "passwd") == 0) {
        type_ms = atol(argv[5]);
        argv[5] = argv[4];
        /* The place of TYPE_MS is free now: the answers stand in a row. */
        answers = argv + 5;
        measure_one(what[0] == 'l' ? pam_authenticate : pam_chauthtok, argv[2],
                    argv[3]);
    } else if (strcmp(what, "grow") == 0 && argc > 6) {
        answers = (char *[]){argv[4], NULL};
        measure_growth(argv[2], argv[3], atol(argv[5]), atol(argv[6]));
    } else if (strcmp(what, "load") == 0 && argc > 6) {
        answers = (char *[]){argv[4], NULL};
        measure_load(argv[2], argv[3], atoi(argv[5]), atol(argv[6]));
    } else if (strcmp(what, "scope") == 0) {
        measure_scope(argv[2], argv[3], argv[4], atol(argv[5]));
    } else if (strcmp(what, "decide") == 0 && argc > 6) {
        measure_decision(argv[2], argv[3], argv[4], atol(argv[5]), argv[6]);
    } else {
        die(what);
    }
    return 0;
}
