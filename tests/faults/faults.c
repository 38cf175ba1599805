/*
 * Makes calls of the C library, the kernel and libpam fail, one by one: linked
 * with -Wl,--wrap=NAME for each NAME below to the module's and to the helper's
 * own objects. Which call of which site fails is read from a file beside the
 * program, which every process of the run maps: its environment is empty and
 * its sandbox lets it write nothing. What was called is kept there, too, and
 * what was allocated and not freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef FAULTS_MODULE
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#endif

#define STATE_MAGIC 0x66617531u
#define CALLS_MAX 16384
#define LEAKS_MAX 32
#define NAME_SIZE 28
#define SLOTS (1u << 16) /* of the table of allocations */

/* Whose calls. */
enum section {
    HOST,   /* the module's in its host */
    BIRTH,  /* the module's in the processes between clone and exec */
    HELPER, /* the helper's */
    SECTIONS
};

/* How a call fails. */
enum mode {
    NOT,
    FAILS,
    INTERRUPTED, /* EINTR */
    SHORT        /* less than was asked for, but something */
};

/* The file; injection.py knows its layout. */
struct state {
    uint32_t magic;
    uint32_t section, offset, occurrence, mode; /* which call fails, how */
    uint32_t met;   /* how often that site was reached */
    uint32_t fired; /* it has failed */
    uint32_t unused;
    struct {
        uint32_t calls, ended, leaks, unused;
        uint32_t leaked[LEAKS_MAX]; /* sites of what was not freed */
        struct {
            uint32_t offset;
            char name[NAME_SIZE];
        } call[CALLS_MAX];
    } section_of[SECTIONS];
};

/* Where this program or library begins and where its code ends. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static struct state *state;
#ifdef FAULTS_MODULE
static pid_t host; /* who loaded it */
#endif
static struct {
    void *memory;
    uint32_t offset;
} held[SLOTS];
static const char gone[1]; /* the slot's memory was freed */

/* ---- The calls that are needed here ---- */

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
void *__real_mmap(void *address, size_t length, int protection, int flags,
                  int fd, off_t offset);
void __real_free(void *memory);
void __wrap_free(void *memory);

static enum section
section_now(void)
{
#ifdef FAULTS_MODULE
    return getpid() == host ? HOST : BIRTH;
#else
    return HELPER;
#endif
}

static bool
find_state(char *path, size_t size)
{
    char *slash;
#ifdef FAULTS_MODULE
    Dl_info info;

    if (dladdr(__ehdr_start, &info) == 0)
        return false;
    (void) snprintf(path, size, "%s", info.dli_fname);
#else
    ssize_t length = readlink("/proc/self/exe", path, size - 1);

    if (length < 0)
        return false;
    path[length] = '\0';
#endif
    slash = strrchr(path, '/');
    if (slash == NULL || (size_t) (slash - path) + 8 > size)
        return false;
    memcpy(slash, "/state", 7);
    return true;
}

static void __attribute__((constructor)) begin(void)
{
    char path[4096];
    int fd;

#ifdef FAULTS_MODULE
    host = getpid();
#endif
    if (!find_state(path, sizeof(path)))
        return;
    fd = __real_open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    state = __real_mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0);
    (void) __real_close(fd);
    if (state == MAP_FAILED || state->magic != STATE_MAGIC)
        state = NULL;
}

/* The module is unloaded, or the helper ends by itself. */
static void __attribute__((destructor)) end(void)
{
    enum section section = section_now();

    if (state == NULL || section == BIRTH)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        uint32_t *leaks = &state->section_of[section].leaks;

        if (held[i].memory == NULL || held[i].memory == gone)
            continue;
        if (*leaks < LEAKS_MAX)
            state->section_of[section].leaked[*leaks] = held[i].offset;
        ++*leaks;
    }
    state->section_of[section].ended++;
}

#ifndef FAULTS_MODULE
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

/* So does the helper. */
void
__wrap__exit(int code)
{
    end();
    __real__exit(code);
}
#endif

/* The call's place, or 0 where it is not our code's: a library was given the
 * function's address. */
static uint32_t
offset_of(const void *place)
{
    const char *at = place;

    return at >= __ehdr_start && at < etext ? (uint32_t) (at - __ehdr_start)
                                            : 0;
}

/* Without what fortifying headers make of it: open for __open_2. */
static void
put_plain(const char *name, char out[NAME_SIZE])
{
    size_t length;

    if (strncmp(name, "__", 2) == 0)
        name += 2;
    length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, "_chk") == 0)
        length -= 4;
    else if (length > 2 && strcmp(name + length - 2, "_2") == 0)
        length -= 2;
    if (length >= NAME_SIZE)
        length = NAME_SIZE - 1;
    memset(out, 0, NAME_SIZE);
    memcpy(out, name, length);
}

/* Puts the call on record; how it is to fail. */
static enum mode
due(const char *name, const void *place)
{
    uint32_t offset = offset_of(place);
    enum section section = section_now();
    uint32_t index;

    if (state == NULL || offset == 0)
        return NOT;
    /* The intermediate and what it started call at the same time. */
    index = __atomic_fetch_add(&state->section_of[section].calls, 1,
                               __ATOMIC_RELAXED);
    if (index < CALLS_MAX) {
        state->section_of[section].call[index].offset = offset;
        put_plain(name, state->section_of[section].call[index].name);
    }
    if (state->section != section || state->offset != offset
        || ++state->met != state->occurrence)
        return NOT;
    state->fired = 1;
    return (enum mode) state->mode;
}

/* ---- Allocations, remembered until they are freed ---- */

static size_t
slot_of(const void *memory)
{
    return (((uintptr_t) memory >> 4) * 2654435761u) % SLOTS;
}

static void *
keep(void *memory, const void *place)
{
    uint32_t offset = offset_of(place);
    size_t slot = slot_of(memory);

    if (memory == NULL || offset == 0 || section_now() == BIRTH)
        return memory;
    for (size_t i = 0; i < SLOTS; i++, slot = (slot + 1) % SLOTS) {
        if (held[slot].memory == NULL || held[slot].memory == gone) {
            held[slot].memory = memory;
            held[slot].offset = offset;
            break;
        }
    }
    return memory;
}

static void
give_up(const void *memory)
{
    size_t slot = slot_of(memory);

    if (memory == NULL || section_now() == BIRTH)
        return;
    for (size_t i = 0; i < SLOTS && held[slot].memory != NULL;
         i++, slot = (slot + 1) % SLOTS) {
        if (held[slot].memory == memory) {
            held[slot].memory = (void *) (uintptr_t) gone;
            return;
        }
    }
}

/*
 * WRAP(type, name, parameters, arguments, what a failure returns, its errno).
 * ANYWAY: the call is made, and then it fails.
 */
#define PLACE __builtin_return_address(0)
#define WRAP_(type, name, parameters, made, taken, failure, number, anyway)   \
    type __real_##name parameters;                                            \
    type __wrap_##name parameters;                                            \
    type __wrap_##name parameters                                             \
    {                                                                         \
        enum mode mode = due(#name, PLACE);                                   \
                                                                              \
        if (mode == NOT || mode == SHORT)                                     \
            return taken;                                                     \
        if (anyway)                                                           \
            (void) made;                                                      \
        errno = mode == INTERRUPTED ? EINTR : (number);                       \
        return failure;                                                       \
    }
#define WRAP(type, name, parameters, arguments, failure, number)              \
    WRAP_(type, name, parameters, __real_##name arguments,                    \
          __real_##name arguments, failure, number, false)
#define ANYWAY(type, name, parameters, arguments, failure, number)            \
    WRAP_(type, name, parameters, __real_##name arguments,                    \
          __real_##name arguments, failure, number, true)
#define ALLOCATES(name, parameters, arguments)                                \
    WRAP_(void *, name, parameters, __real_##name arguments,                  \
          keep(__real_##name arguments, PLACE), NULL, ENOMEM, false)

ALLOCATES(malloc, (size_t size), (size))
ALLOCATES(calloc, (size_t count, size_t size), (count, size))

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *
__wrap_strdup(const char *text)
{
    if (due("strdup", PLACE) != NOT) {
        errno = ENOMEM;
        return NULL;
    }
    return keep(__real_strdup(text), PLACE);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *
__wrap_realloc(void *memory, size_t size)
{
    void *moved;

    if (due("realloc", PLACE) != NOT) {
        errno = ENOMEM;
        return NULL;
    }
    give_up(memory);
    moved = __real_realloc(memory, size);
    return keep(moved == NULL ? memory : moved, PLACE) == NULL ? NULL : moved;
}

void
__wrap_free(void *memory)
{
    give_up(memory);
    __real_free(memory);
}

/* ---- Files ---- */

static mode_t
mode_argument(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
    enum mode mode = due("open", PLACE);
    va_list arguments;
    mode_t rights;

    va_start(arguments, flags);
    rights = mode_argument(flags, arguments);
    va_end(arguments);
    if (mode == NOT || mode == SHORT)
        return __real_open(path, flags, rights);
    errno = mode == INTERRUPTED ? EINTR : EMFILE;
    return -1;
}

int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int
__wrap_openat(int folder, const char *path, int flags, ...)
{
    enum mode mode = due("openat", PLACE);
    va_list arguments;
    mode_t rights;

    va_start(arguments, flags);
    rights = mode_argument(flags, arguments);
    va_end(arguments);
    if (mode == NOT || mode == SHORT)
        return __real_openat(folder, path, flags, rights);
    errno = mode == INTERRUPTED ? EINTR : EMFILE;
    return -1;
}

/* What may come in parts. */
WRAP(int, __open_2, (const char *path, int flags), (path, flags), -1, EMFILE)
WRAP(int, __openat_2, (int folder, const char *path, int flags),
     (folder, path, flags), -1, EMFILE)

#define PARTS(type, name, parameters, arguments, length)                      \
    type __real_##name parameters;                                            \
    type __wrap_##name parameters;                                            \
    type __wrap_##name parameters                                             \
    {                                                                         \
        enum mode mode = due(#name, PLACE);                                   \
                                                                              \
        if (mode == SHORT && length > 1)                                      \
            length = 1;                                                       \
        if (mode == NOT || mode == SHORT)                                     \
            return __real_##name arguments;                                   \
        errno = mode == INTERRUPTED ? EINTR : EIO;                            \
        return -1;                                                            \
    }

PARTS(ssize_t, read, (int fd, void *data, size_t length), (fd, data, length),
      length)
PARTS(ssize_t, __read_chk, (int fd, void *data, size_t length, size_t size),
      (fd, data, length, size), length)
PARTS(ssize_t, pread, (int fd, void *data, size_t length, off_t at),
      (fd, data, length, at), length)
PARTS(ssize_t, __pread_chk,
      (int fd, void *data, size_t length, off_t at, size_t size),
      (fd, data, length, at, size), length)
PARTS(ssize_t, write, (int fd, const void *data, size_t length),
      (fd, data, length), length)
PARTS(ssize_t, pwrite, (int fd, const void *data, size_t length, off_t at),
      (fd, data, length, at), length)
PARTS(ssize_t, getrandom, (void *data, size_t length, unsigned int flags),
      (data, length, flags), length)

ANYWAY(int, close, (int fd), (fd), -1, EIO)
ANYWAY(int, closedir, (DIR * folder), (folder), -1, EIO)
ANYWAY(int, fclose, (FILE * file), (file), EOF, EIO)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
WRAP(int, lstat, (const char *path, struct stat *st), (path, st), -1, EACCES)
WRAP(int, stat, (const char *path, struct stat *st), (path, st), -1, EACCES)
WRAP(int, mkdir, (const char *path, mode_t mode_given), (path, mode_given), -1,
     ENOSPC)
WRAP(int, fchmod, (int fd, mode_t mode_given), (fd, mode_given), -1, EIO)
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1, EIO)
WRAP(int, flock, (int fd, int operation), (fd, operation), -1, ENOLCK)
WRAP(int, chdir, (const char *path), (path), -1, EIO)
WRAP(int, isatty, (int fd), (fd), 0, ENOTTY)
WRAP(char *, realpath, (const char *path, char *resolved), (path, resolved),
     NULL, EIO)
WRAP(ssize_t, readlinkat,
     (int folder, const char *path, char *target, size_t size),
     (folder, path, target, size), -1, EIO)
WRAP(ssize_t, __readlinkat_chk,
     (int folder, const char *path, char *target, size_t size, size_t room),
     (folder, path, target, size, room), -1, EIO)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(struct dirent *, readdir, (DIR * folder), (folder), NULL, EIO)
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL,
     ENOMEM)
WRAP(int, dup2, (int from, int to), (from, to), -1, EMFILE)
WRAP(int, fcntl, (int fd, int command, long argument), (fd, command, argument),
     -1, EMFILE)

/* ---- Memory, sockets, waiting ---- */

WRAP(void *, mmap,
     (void *address, size_t length, int protection, int flags, int fd,
      off_t offset),
     (address, length, protection, flags, fd, offset), MAP_FAILED, ENOMEM)
ANYWAY(int, munmap, (void *address, size_t length), (address, length), -1,
       EINVAL)
WRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol), -1, EMFILE)
WRAP(int, socketpair, (int domain, int type, int protocol, int *pair),
     (domain, type, protocol, pair), -1, EMFILE)
WRAP(int, getsockopt,
     (int fd, int level, int name, void *value, socklen_t *size),
     (fd, level, name, value, size), -1, ENOBUFS)
WRAP(int, getsockname, (int fd, struct sockaddr *name, socklen_t *size),
     (fd, name, size), -1, ENOBUFS)
WRAP(int, connect, (int fd, const struct sockaddr *name, socklen_t size),
     (fd, name, size), -1, EACCES)
WRAP(ssize_t, send, (int fd, const void *data, size_t length, int flags),
     (fd, data, length, flags), -1, ENOBUFS)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *header, int flags),
     (fd, header, flags), -1, ENOMEM)
WRAP(int, shutdown, (int fd, int how), (fd, how), -1, ENOBUFS)
WRAP(int, poll, (struct pollfd * pollers, nfds_t count, int timeout),
     (pollers, count, timeout), -1, ENOMEM)
WRAP(int, __poll_chk,
     (struct pollfd * pollers, nfds_t count, int timeout, size_t room),
     (pollers, count, timeout, room), -1, ENOMEM)
WRAP(ssize_t, recv, (int fd, void *data, size_t length, int flags),
     (fd, data, length, flags), -1, ENOMEM)
WRAP(struct if_nameindex *, if_nameindex, (void), (), NULL, ENOBUFS)
WRAP(int, ppoll,
     (struct pollfd * pollers, nfds_t count, const struct timespec *left,
      const sigset_t *mask),
     (pollers, count, left, mask), -1, ENOMEM)
WRAP(int, pipe2, (int *ends, int flags), (ends, flags), -1, EMFILE)
WRAP(pid_t, fork, (void), (), -1, EAGAIN)
WRAP(int, kill, (pid_t pid, int number), (pid, number), -1, EPERM)
WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options),
     (type, id, info, options), -1, ECHILD)
WRAP(pid_t, waitpid, (pid_t pid, int *status, int options),
     (pid, status, options), -1, ECHILD)

/* ---- Processes ---- */

/* Each call without a function of its own under its own name. */
static const char *
name_of(long number)
{
    switch (number) {
    case SYS_clone:
        return "clone";
    case SYS_rt_sigaction:
        return "rt_sigaction";
    case SYS_rt_sigprocmask:
        return "rt_sigprocmask";
    case SYS_setgroups:
        return "raw setgroups";
    case SYS_setresuid:
        return "raw setresuid";
    case SYS_setresgid:
        return "raw setresgid";
    case 424:
        return "pidfd_send_signal";
    case 434:
        return "pidfd_open";
    case 436:
        return "close_range";
    case 444:
        return "landlock_create_ruleset";
    case 445:
        return "landlock_add_rule";
    case 446:
        return "landlock_restrict_self";
    default:
        return "syscall";
    }
}

long __real_syscall(long number, long a, long b, long c, long d, long e);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);
long
__wrap_syscall(long number, long a, long b, long c, long d, long e)
{
    if (due(name_of(number), PLACE) == NOT)
        return __real_syscall(number, a, b, c, d, e);
    errno = EAGAIN;
    return -1;
}

WRAP(int, execve,
     (const char *path, char *const *arguments, char *const *environment),
     (path, arguments, environment), -1, ENOMEM)
WRAP(pid_t, setsid, (void), (), -1, EPERM)
WRAP(int, getrlimit, (int resource, struct rlimit *limit), (resource, limit),
     -1, EINVAL)
WRAP(int, setrlimit, (int resource, const struct rlimit *limit),
     (resource, limit), -1, EPERM)
WRAP(int, getpriority, (int which, id_t who), (which, who), -1, ESRCH)
WRAP(int, sched_getscheduler, (pid_t pid), (pid), -1, ESRCH)
WRAP(int, prctl, (int option, long a, long b, long c, long d),
     (option, a, b, c, d), -1, EPERM)
WRAP(int, getresuid, (uid_t * real, uid_t *effective, uid_t *saved),
     (real, effective, saved), -1, EFAULT)
WRAP(int, getresgid, (gid_t * real, gid_t *effective, gid_t *saved),
     (real, effective, saved), -1, EFAULT)
WRAP(int, getgroups, (int count, gid_t *groups), (count, groups), -1, EINVAL)
WRAP(int, __getgroups_chk, (int count, gid_t *groups, size_t room),
     (count, groups, room), -1, EINVAL)
WRAP(int, setgroups, (size_t count, const gid_t *groups), (count, groups), -1,
     EPERM)
WRAP(int, setresuid, (uid_t real, uid_t effective, uid_t saved),
     (real, effective, saved), -1, EAGAIN)
WRAP(int, setresgid, (gid_t real, gid_t effective, gid_t saved),
     (real, effective, saved), -1, EPERM)
WRAP(int, gethostname, (char *name, size_t size), (name, size), -1,
     ENAMETOOLONG)
WRAP(int, __gethostname_chk, (char *name, size_t size, size_t room),
     (name, size, room), -1, ENAMETOOLONG)
WRAP(int, getpwnam_r,
     (const char *name, struct passwd *account, char *memory, size_t size,
      struct passwd **found),
     (name, account, memory, size, found), ECONNREFUSED, ECONNREFUSED)
WRAP(int, getgrnam_r,
     (const char *name, struct group *group, char *memory, size_t size,
      struct group **found),
     (name, group, memory, size, found), ECONNREFUSED, ECONNREFUSED)
WRAP(int, getpwuid_r,
     (uid_t uid, struct passwd *account, char *memory, size_t size,
      struct passwd **found),
     (uid, account, memory, size, found), ECONNREFUSED, ECONNREFUSED)
WRAP(int, getgrgid_r,
     (gid_t gid, struct group *group, char *memory, size_t size,
      struct group **found),
     (gid, group, memory, size, found), ECONNREFUSED, ECONNREFUSED)
WRAP(int, getgrouplist,
     (const char *name, gid_t gid, gid_t *groups, int *count),
     (name, gid, groups, count), -1, ENOMEM)

/* ---- libpam ---- */

#ifdef FAULTS_MODULE
WRAP(int, pam_get_user,
     (pam_handle_t * pamh, const char **user, const char *p), (pamh, user, p),
     PAM_BUF_ERR, ENOMEM)
WRAP(int, pam_get_item,
     (const pam_handle_t *pamh, int type, const void **item),
     (pamh, type, item), PAM_BUF_ERR, ENOMEM)
WRAP(int, pam_set_item, (pam_handle_t * pamh, int type, const void *item),
     (pamh, type, item), PAM_BUF_ERR, ENOMEM)
WRAP(int, pam_get_data,
     (const pam_handle_t *pamh, const char *name, const void **data),
     (pamh, name, data), PAM_SYSTEM_ERR, ENOMEM)
WRAP(int, pam_set_data,
     (pam_handle_t * pamh, const char *name, void *data,
      void (*forget)(pam_handle_t *pamh, void *data, int status)),
     (pamh, name, data, forget), PAM_BUF_ERR, ENOMEM)
WRAP(int, pam_get_authtok,
     (pam_handle_t * pamh, int item, const char **token, const char *prompt),
     (pamh, item, token, prompt), PAM_BUF_ERR, ENOMEM)
WRAP(int, pam_fail_delay, (pam_handle_t * pamh, unsigned int microseconds),
     (pamh, microseconds), PAM_SYSTEM_ERR, ENOMEM)
__attribute__((format(printf, 4, 5))) int
__wrap_pam_prompt(pam_handle_t *pamh, int style, char **reply_out,
                  const char *format, ...);
int
__wrap_pam_prompt(pam_handle_t *pamh, int style, char **reply_out,
                  const char *format, ...)
{
    va_list arguments;
    int code;

    if (due("pam_prompt", PLACE) != NOT)
        return PAM_BUF_ERR;
    va_start(arguments, format);
    code = pam_vprompt(pamh, style, reply_out, format, arguments);
    va_end(arguments);
    return code;
}
#endif
