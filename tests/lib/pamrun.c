/*
 * A PAM host for tests: drives the real libpam through the operations given
 * and reports, one line each, every prompt, message, log line, delay and
 * return code, and what became of the host itself meanwhile. harness.py reads
 * it. Log lines are caught by exporting the functions that write them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <locale.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define HIGH_FD 10       /* our own descriptors stand here and above */
#define ANSWER_MAX 16384 /* as written: four bytes for one */
#define WARM_ROUNDS 20   /* before memory and descriptors are counted */

/* What the command line asks for. */
static struct {
    const char *confdir, *service, *user, *rhost, *tty, *answer, *sigchld;
    int flags;
    long repeat;
    bool fresh, quiet, subreaper, close_low;
} options
    = {.confdir = ".", .service = "test", .sigchld = "default", .repeat = 1};

static FILE *out; /* a copy of standard output, out of the way */
static FILE *in;
static pam_handle_t *handle;
static long counts[64]; /* of return codes, for the summary */
static volatile sig_atomic_t signals_seen;
static volatile long stolen; /* children that are not ours to wait for */
static pid_t own_child;

/* ---- Reporting ---- */

static void
put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char) *text;

        if (byte < ' ' || byte == 0x7f || byte == '\\')
            (void) fprintf(out, "\\x%02x", byte);
        else
            (void) fputc(byte, out);
    }
}

static void
report(const char *what, const char *text)
{
    if (options.quiet)
        return;
    (void) fprintf(out, "%s ", what);
    put_text(text);
    (void) fputc('\n', out);
    (void) fflush(out);
}

static void __attribute__((format(printf, 3, 0)))
report_log(const char *what, int priority, const char *format,
           va_list arguments)
{
    char text[4096];
    char head[32];

    (void) vsnprintf(text, sizeof(text), format, arguments);
    (void) snprintf(head, sizeof(head), "%s %d", what, priority);
    report(head, text);
}

#undef syslog /* some compilers have it as a macro */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

EXPORT void
pam_vsyslog(const pam_handle_t *pamh, int priority, const char *format,
            va_list arguments)
{
    (void) pamh;
    report_log("log", priority, format, arguments);
}

EXPORT void
pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    va_list arguments;

    (void) pamh;
    va_start(arguments, format);
    report_log("log", priority, format, arguments);
    va_end(arguments);
}

/* What libpam itself, or a module around pam_syslog, would write. */
EXPORT void
syslog(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report_log("syslog", priority, format, arguments);
    va_end(arguments);
}

EXPORT void __attribute__((format(printf, 3, 4)))
__syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;

    (void) flag;
    va_start(arguments, format);
    report_log("syslog", priority, format, arguments);
    va_end(arguments);
}

#pragma GCC diagnostic pop

static void
on_delay(int code, unsigned int microseconds, void *context)
{
    char text[32];

    (void) code;
    (void) context;
    (void) snprintf(text, sizeof(text), "%u", microseconds);
    if (microseconds != 0)
        report("delay", text);
}

/* ---- The conversation ---- */

/* Resolves \xNN and \\ in place. */
static void
unescape(char *text)
{
    char *to = text;
    unsigned int byte;

    while (*text != '\0') {
        if (text[0] == '\\' && text[1] == 'x'
            && isxdigit((unsigned char) text[2])
            && isxdigit((unsigned char) text[3])
            && sscanf(text + 2, "%2x", &byte) == 1) {
            *to++ = (char) byte;
            text += 4;
        } else if (text[0] == '\\' && text[1] == '\\') {
            *to++ = '\\';
            text += 2;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

/*
 * The next answer in text: from the command line, else a line of standard
 * input. "!error" (also the end of the input) fails the conversation, "!null"
 * gives no answer, "!user NAME ANSWER" changes PAM_USER first.
 */
static int
next_answer(char text[ANSWER_MAX], const char **answer_out)
{
    char *name, *rest;

    if (options.answer != NULL) {
        *answer_out = options.answer;
        return PAM_SUCCESS;
    }
    if (fgets(text, ANSWER_MAX, in) == NULL)
        return PAM_CONV_ERR;
    text[strcspn(text, "\n")] = '\0';
    *answer_out = text;
    if (strcmp(text, "!error") == 0)
        return PAM_CONV_ERR;
    if (strcmp(text, "!null") == 0) {
        *answer_out = NULL;
        return PAM_SUCCESS;
    }
    if (strncmp(text, "!user ", 6) == 0) {
        name = text + 6;
        rest = strchr(name, ' ');
        if (rest == NULL)
            return PAM_CONV_ERR;
        *rest = '\0';
        (void) pam_set_item(handle, PAM_USER, name);
        *answer_out = rest + 1;
        unescape(rest + 1);
        return PAM_SUCCESS;
    }
    unescape(text);
    return PAM_SUCCESS;
}

static int
answer_message(const struct pam_message *message, char **answer_out)
{
    char text[ANSWER_MAX];
    const char *answer = NULL;
    int code;

    switch (message->msg_style) {
    case PAM_PROMPT_ECHO_OFF:
        report("prompt off", message->msg);
        break;
    case PAM_PROMPT_ECHO_ON:
        report("prompt on", message->msg);
        break;
    case PAM_ERROR_MSG:
        report("error", message->msg);
        return PAM_SUCCESS;
    case PAM_TEXT_INFO:
        report("info", message->msg);
        return PAM_SUCCESS;
    default:
        report("message", message->msg);
        return PAM_CONV_ERR;
    }
    code = next_answer(text, &answer);
    if (code == PAM_SUCCESS && answer != NULL) {
        *answer_out = strdup(answer);
        if (*answer_out == NULL)
            code = PAM_BUF_ERR;
    }
    return code;
}

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **responses_out, void *context)
{
    struct pam_response *responses;
    int code = PAM_SUCCESS;

    (void) context;
    responses = calloc((size_t) count, sizeof(*responses));
    if (responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count && code == PAM_SUCCESS; i++)
        code = answer_message(messages[i], &responses[i].resp);
    if (code == PAM_SUCCESS) {
        *responses_out = responses;
        return code;
    }
    for (int i = 0; i < count; i++)
        free(responses[i].resp);
    free(responses);
    return code;
}

/* ---- Operations ---- */

static const char *
code_name(int code)
{
#define NAME(code) [code] = #code
    static const char *const names[] = {NAME(PAM_SUCCESS),
                                        NAME(PAM_OPEN_ERR),
                                        NAME(PAM_SYMBOL_ERR),
                                        NAME(PAM_SERVICE_ERR),
                                        NAME(PAM_SYSTEM_ERR),
                                        NAME(PAM_BUF_ERR),
                                        NAME(PAM_PERM_DENIED),
                                        NAME(PAM_AUTH_ERR),
                                        NAME(PAM_CRED_INSUFFICIENT),
                                        NAME(PAM_AUTHINFO_UNAVAIL),
                                        NAME(PAM_USER_UNKNOWN),
                                        NAME(PAM_MAXTRIES),
                                        NAME(PAM_NEW_AUTHTOK_REQD),
                                        NAME(PAM_ACCT_EXPIRED),
                                        NAME(PAM_SESSION_ERR),
                                        NAME(PAM_CRED_UNAVAIL),
                                        NAME(PAM_CRED_EXPIRED),
                                        NAME(PAM_CRED_ERR),
                                        NAME(PAM_NO_MODULE_DATA),
                                        NAME(PAM_CONV_ERR),
                                        NAME(PAM_AUTHTOK_ERR),
                                        NAME(PAM_AUTHTOK_RECOVERY_ERR),
                                        NAME(PAM_AUTHTOK_LOCK_BUSY),
                                        NAME(PAM_AUTHTOK_DISABLE_AGING),
                                        NAME(PAM_TRY_AGAIN),
                                        NAME(PAM_IGNORE),
                                        NAME(PAM_ABORT),
                                        NAME(PAM_AUTHTOK_EXPIRED),
                                        NAME(PAM_MODULE_UNKNOWN),
                                        NAME(PAM_BAD_ITEM),
                                        NAME(PAM_CONV_AGAIN),
                                        NAME(PAM_INCOMPLETE)};
#undef NAME

    if (code < 0 || (size_t) code >= sizeof(names) / sizeof(names[0]))
        return "unknown";
    return names[code];
}

static void
report_return(const char *operation, int code)
{
    char text[96];

    if (code >= 0 && code < (int) (sizeof(counts) / sizeof(counts[0])))
        counts[code]++;
    (void) snprintf(text, sizeof(text), "%s %d %s", operation, code,
                    code_name(code));
    report("return", text);
}

/*
 * A copy of this process ends the handle as such copies should. Then somebody
 * outside may look around, and says by a line when that is done.
 */
static int
end_in_a_copy(void)
{
    char line[ANSWER_MAX];
    pid_t child = fork();

    if (child == 0)
        _exit(pam_end(handle, PAM_SUCCESS | (int) PAM_DATA_SILENT));
    if (child < 0 || waitpid(child, NULL, 0) != child)
        return PAM_SYSTEM_ERR;
    report("copied", "");
    return fgets(line, sizeof(line), in) == NULL ? PAM_CONV_ERR : PAM_SUCCESS;
}

static int
perform(const char *operation)
{
    static const struct {
        const char *name;
        int (*function)(pam_handle_t *, int);
        int flags;
    } known[] = {
        {"authenticate", pam_authenticate, 0},
        {"setcred", pam_setcred, PAM_ESTABLISH_CRED},
        {"delcred", pam_setcred, PAM_DELETE_CRED},
        {"reinitcred", pam_setcred, PAM_REINITIALIZE_CRED},
        {"refreshcred", pam_setcred, PAM_REFRESH_CRED},
        {"acct_mgmt", pam_acct_mgmt, 0},
        {"open_session", pam_open_session, 0},
        {"close_session", pam_close_session, 0},
        {"chauthtok", pam_chauthtok, 0},
    };
    int code;

    if (strcmp(operation, "copy") == 0)
        return end_in_a_copy();
    if (strncmp(operation, "user=", 5) == 0)
        return pam_set_item(handle, PAM_USER, operation + 5);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, operation) != 0)
            continue;
        code = known[i].function(handle, known[i].flags | options.flags);
        report_return(operation, code);
        return code;
    }
    (void) fprintf(out, "unknown operation %s\n", operation);
    exit(2);
}

static void
start(void)
{
    static const struct pam_conv conversation = {converse, NULL};
    int code = pam_start_confdir(options.service, options.user, &conversation,
                                 options.confdir, &handle);

    if (code != PAM_SUCCESS) {
        options.quiet = false;
        report_return("start", code);
        exit(3);
    }
    if (options.rhost != NULL)
        (void) pam_set_item(handle, PAM_RHOST, options.rhost);
    if (options.tty != NULL)
        (void) pam_set_item(handle, PAM_TTY, options.tty);
    (void) pam_set_item(handle, PAM_FAIL_DELAY, (const void *) on_delay);
}

static void
run_round(char **operations, bool first, bool last)
{
    int code = PAM_SUCCESS;

    if (first || options.fresh)
        start();
    for (; *operations != NULL; operations++)
        code = perform(*operations);
    if (last || options.fresh)
        (void) pam_end(handle, code);
}

/* ---- The host: what it is like and whether it stays so ---- */

struct snapshot {
    struct sigaction actions[65];
    sigset_t mask;
    mode_t umask;
    char cwd[512];
    char locale[256];
    char environment[8192];
    struct rlimit limits[RLIM_NLIMITS];
};

static void
take_snapshot(struct snapshot *snapshot)
{
    extern char **environ;
    size_t used = 0;

    memset(snapshot, 0, sizeof(*snapshot));
    for (int number = 1; number < 65; number++)
        (void) sigaction(number, NULL, &snapshot->actions[number]);
    (void) pthread_sigmask(SIG_SETMASK, NULL, &snapshot->mask);
    snapshot->umask = umask(0);
    (void) umask(snapshot->umask);
    if (getcwd(snapshot->cwd, sizeof(snapshot->cwd)) == NULL)
        snapshot->cwd[0] = '\0';
    (void) snprintf(snapshot->locale, sizeof(snapshot->locale), "%s",
                    setlocale(LC_ALL, NULL));
    for (char **at = environ; *at != NULL; at++) {
        int written = snprintf(snapshot->environment + used,
                               sizeof(snapshot->environment) - used, "%s\n",
                               *at);

        if (written < 0
            || (size_t) written >= sizeof(snapshot->environment) - used)
            break;
        used += (size_t) written;
    }
    for (int i = 0; i < RLIM_NLIMITS; i++)
        (void) getrlimit(i, &snapshot->limits[i]);
}

static void
report_changes(const struct snapshot *before)
{
    struct snapshot now;
    const char *what = "unchanged";

    take_snapshot(&now);
    for (int number = 1; number < 65; number++)
        if (before->actions[number].sa_handler
            != now.actions[number].sa_handler)
            what = "changed: signal actions";
    if (memcmp(&before->mask, &now.mask, sizeof(now.mask)) != 0)
        what = "changed: signal mask";
    if (before->umask != now.umask)
        what = "changed: umask";
    if (strcmp(before->cwd, now.cwd) != 0)
        what = "changed: working directory";
    if (strcmp(before->locale, now.locale) != 0)
        what = "changed: locale";
    if (strcmp(before->environment, now.environment) != 0)
        what = "changed: environment";
    if (memcmp(before->limits, now.limits, sizeof(now.limits)) != 0)
        what = "changed: limits";
    report("host", what);
}

static long
count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = 0;

    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    (void) closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

static long
resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];
    long found = -1;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            found = strtol(line + 6, NULL, 10);
    if (file != NULL)
        (void) fclose(file);
    return found;
}

static void
report_two(const char *what, long one, long two)
{
    char text[64];

    (void) snprintf(text, sizeof(text), "%ld %ld", one, two);
    report(what, text);
}

/* ---- SIGCHLD, as different hosts have it ---- */

static void
on_child(int number)
{
    int before = errno;
    pid_t pid;

    (void) number;
    signals_seen++;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        if (pid != own_child)
            stolen++;
    errno = before;
}

static void *
wait_for_children(void *context)
{
    pid_t pid;

    (void) context;
    for (;;) {
        pid = waitpid(-1, NULL, 0);
        if (pid < 0)
            return NULL;
        if (pid == own_child)
            return NULL;
        stolen++;
    }
}

static void
set_up_sigchld(pthread_t *waiter)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    if (strcmp(options.sigchld, "ignore") == 0)
        action.sa_handler = SIG_IGN;
    else if (strcmp(options.sigchld, "handler") == 0)
        action.sa_handler = on_child;
    else if (strcmp(options.sigchld, "nocldwait") == 0)
        action.sa_flags = SA_NOCLDWAIT;
    (void) sigaction(SIGCHLD, &action, NULL);
    /* A child of the host's own, alive all the time, so that its wait() has
     * something to wait for. */
    if (strcmp(options.sigchld, "default") == 0)
        return;
    own_child = fork();
    if (own_child == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            (void) pause();
    }
    if (strcmp(options.sigchld, "thread") == 0
        && pthread_create(waiter, NULL, wait_for_children, NULL) != 0)
        exit(2);
}

static void
report_sigchld(pthread_t waiter)
{
    long seen = signals_seen;

    if (strcmp(options.sigchld, "default") == 0) {
        /* What a host that waits at its end would find. */
        while (waitpid(-1, NULL, WNOHANG) > 0)
            stolen++;
    } else {
        (void) kill(own_child, SIGKILL);
        if (strcmp(options.sigchld, "thread") == 0)
            (void) pthread_join(waiter, NULL);
        else
            (void) waitpid(own_child, NULL, 0);
    }
    report_two("sigchld", seen, stolen);
}

/* ---- A hostile launcher ---- */

static void
set_limit(const char *text)
{
    static const struct {
        const char *name;
        int resource;
    } known[] = {{"nofile", RLIMIT_NOFILE}, {"fsize", RLIMIT_FSIZE},
                 {"cpu", RLIMIT_CPU},       {"as", RLIMIT_AS},
                 {"core", RLIMIT_CORE},     {"stack", RLIMIT_STACK},
                 {"data", RLIMIT_DATA},     {"memlock", RLIMIT_MEMLOCK}};
    size_t length = strcspn(text, "=");
    struct rlimit limit;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) != length
            || strncmp(known[i].name, text, length) != 0)
            continue;
        if (getrlimit(known[i].resource, &limit) < 0)
            break;
        limit.rlim_cur = strtoul(text + length + 1, NULL, 10);
        if (setrlimit(known[i].resource, &limit) == 0)
            return;
    }
    (void) fprintf(stderr, "pamrun: cannot set limit %s\n", text);
    exit(2);
}

static void
spoil_signals(bool block)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigset_t all;

    (void) sigfillset(&all);
    if (block) {
        (void) pthread_sigmask(SIG_SETMASK, &all, NULL);
        return;
    }
    for (int number = 1; number < 65; number++)
        (void) sigaction(number, &action, NULL);
}

static void
hold_descriptor(int fd)
{
    if (dup2(STDERR_FILENO, fd) < 0) {
        (void) fprintf(stderr, "pamrun: cannot hold descriptor %d\n", fd);
        exit(2);
    }
}

static int
flags_of(const char *text)
{
    int flags = 0;

    if (strstr(text, "silent") != NULL)
        flags |= (int) PAM_SILENT;
    if (strstr(text, "null") != NULL)
        flags |= PAM_DISALLOW_NULL_AUTHTOK;
    if (strstr(text, "expired") != NULL)
        flags |= PAM_CHANGE_EXPIRED_AUTHTOK;
    return flags;
}

static void
take_option(int option, char *value)
{
    switch (option) {
    case 'c':
        options.confdir = value;
        break;
    case 's':
        options.service = value;
        break;
    case 'u':
        options.user = value;
        unescape(value);
        break;
    case 'r':
        options.rhost = value;
        unescape(value);
        break;
    case 't':
        options.tty = value;
        break;
    case 'f':
        options.flags = flags_of(value);
        break;
    case 'n':
        options.repeat = strtol(value, NULL, 10);
        break;
    case 'F':
        options.fresh = true;
        break;
    case 'q':
        options.quiet = true;
        break;
    case 'a':
        options.answer = value;
        unescape(value);
        break;
    case 'S':
        options.sigchld = value;
        break;
    case 'R':
        options.subreaper = true;
        break;
    case 'C':
        options.close_low = true;
        break;
    case 'B':
        spoil_signals(true);
        break;
    case 'I':
        spoil_signals(false);
        break;
    case 'L':
        set_limit(value);
        break;
    case 'H':
        hold_descriptor((int) strtol(value, NULL, 10));
        break;
    case 'U':
        (void) umask((mode_t) strtoul(value, NULL, 8));
        break;
    default:
        exit(2);
    }
}

static void
read_options(int argc, char **argv)
{
    static const struct option known[]
        = {{"confdir", required_argument, NULL, 'c'},
           {"service", required_argument, NULL, 's'},
           {"user", required_argument, NULL, 'u'},
           {"rhost", required_argument, NULL, 'r'},
           {"tty", required_argument, NULL, 't'},
           {"flags", required_argument, NULL, 'f'},
           {"repeat", required_argument, NULL, 'n'},
           {"fresh", no_argument, NULL, 'F'},
           {"quiet", no_argument, NULL, 'q'},
           {"answer", required_argument, NULL, 'a'},
           {"sigchld", required_argument, NULL, 'S'},
           {"subreaper", no_argument, NULL, 'R'},
           {"close-low", no_argument, NULL, 'C'},
           {"block-signals", no_argument, NULL, 'B'},
           {"ignore-signals", no_argument, NULL, 'I'},
           {"limit", required_argument, NULL, 'L'},
           {"hold", required_argument, NULL, 'H'},
           {"umask", required_argument, NULL, 'U'},
           {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        take_option(option, optarg);
}

/* Standard input and output moved away, so that 0-2 can be closed. */
static void
move_streams(void)
{
    out = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, HIGH_FD), "w");
    in = fdopen(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, HIGH_FD), "r");
    if (out == NULL || in == NULL)
        exit(2);
}

int
main(int argc, char **argv)
{
    struct snapshot before;
    pthread_t waiter = 0;
    long descriptors = -1, resident = -1, warm;
    bool quiet;

    move_streams();
    read_options(argc, argv);
    if (options.subreaper)
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int fd = 0; options.close_low && fd < 3; fd++)
        (void) close(fd);
    /* Only where it is asked for: --ignore-signals may stand before it. */
    if (strcmp(options.sigchld, "default") != 0)
        set_up_sigchld(&waiter);
    /* What the account database keeps open is not the module's. */
    (void) getpwnam("root");
    (void) getgrnam("root");
    take_snapshot(&before);
    warm = options.repeat / 10 < WARM_ROUNDS ? options.repeat / 10
                                             : WARM_ROUNDS;
    for (long round = 0; round < options.repeat; round++) {
        if (round == warm) {
            descriptors = count_descriptors();
            resident = resident_kib();
        }
        run_round(argv + optind, round == 0, round + 1 == options.repeat);
    }
    quiet = options.quiet;
    options.quiet = false;
    report_two("fds", descriptors, count_descriptors());
    report_two("rss", resident, resident_kib());
    report_changes(&before);
    report_sigchld(waiter);
    for (size_t i = 0; quiet && i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i] > 0)
            (void) fprintf(out, "count %s %ld\n", code_name((int) i),
                           counts[i]);
    (void) fclose(out);
    return 0;
}
