/*
 * Gives root up for good, then confines the worker: limits, system call
 * filter, Landlock. After it nothing opens a file that was not foreseen.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "common/remedy.h"
#include "common/text.h"
#include "helper/filter.h"
#include "helper/sanitized.h"
#include "pam/lookup.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

#define FILES_MAX 64
#define MEMORY_MAX (512UL * 1024 * 1024) /* bytes of address space */
#define CPU_SECONDS 30
#define DNS_PORT 53

static bool
fail(char *error, size_t size, const char *what)
{
    int number = errno;
    char text[80];

    (void) snprintf(error, size, "%s: %s", what,
                    strerror_r(number, text, sizeof(text)));
    return false;
}

static bool
fail_with(char *error, size_t size, const char *what, const char *remedy)
{
    char text[120];

    (void) fail(text, sizeof(text), what);
    (void) snprintf(error, size, "%s: %s", text, remedy);
    return false;
}

/* The helper's user, which must be there, known and not root. */
static bool
find_user(const char *user, uid_t *uid_out, gid_t *gid_out, char *error_out,
          size_t error_size)
{
    struct passwd account;
    char *memory;
    enum lookup lookup = lookup_account(user, &account, &memory);
    int number = errno;

    free(memory); /* what is wanted of the account are its numbers */
    errno = number;
    if (lookup == LOOKUP_FAILED)
        return fail_with(error_out, error_size,
                         "the helper's user could not be looked up",
                         "mend the name service (passwd: in "
                         "/etc/nsswitch.conf), or make the user local");
    /* @not-root */
    if (lookup == LOOKUP_NONE || account.pw_uid == 0 || account.pw_gid == 0) {
        (void) snprintf(error_out, error_size,
                        "no unprivileged user %s, create it with: useradd "
                        "--system --user-group --no-create-home --home-dir "
                        "/nonexistent --shell /usr/sbin/nologin %s",
                        user, user);
        return false;
    }
    *uid_out = account.pw_uid;
    *gid_out = account.pw_gid;
    return true;
}

bool
sandbox_drop(const char *user, bool personal, char *error_out,
             size_t error_size)
{
    uid_t real, effective, saved, uid;
    gid_t real_group, effective_group, saved_group, gid;

    if (personal)
        return true;
    if (!find_user(user, &uid, &gid, error_out, error_size))
        return false;
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0
        || setresuid(uid, uid, uid) < 0)
        return fail_with(error_out, error_size, "cannot give up root",
                         remedy_identity(errno));
    /* A drop that went wrong silently is worse than none: look. */
    if (getresuid(&real, &effective, &saved) < 0
        || getresgid(&real_group, &effective_group, &saved_group) < 0
        || real != uid || effective != uid || saved != uid || real_group != gid
        || effective_group != gid || saved_group != gid
        || getgroups(0, NULL) != 0 || setuid(0) == 0 || setgid(0) == 0) {
        errno = EPERM;
        return fail(error_out, error_size, "root was not given up");
    }
    return true;
}

static bool
set_limit(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};
    struct rlimit now;

    if (getrlimit(resource, &now) == 0 && now.rlim_max < value)
        limit.rlim_cur = limit.rlim_max = now.rlim_max;
    return setrlimit(resource, &limit) == 0;
}

static bool
set_limits(void)
{
    return set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_NOFILE, FILES_MAX)
           && (MEASURED || set_limit(RLIMIT_FSIZE, 0))
           && set_limit(RLIMIT_CPU, CPU_SECONDS)
           /* AddressSanitizer maps terabytes. */
           && (SANITIZED || set_limit(RLIMIT_AS, MEMORY_MAX));
}

/* Landlock: the header of Debian 12 knows the file system part only. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION_QUERY 1u
#define LANDLOCK_BENEATH 1
#define LANDLOCK_PORT 2
#define FS_EXECUTE (1ULL << 0)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_ALL_1 ((1ULL << 13) - 1) /* ABI 1 */
#define FS_REFER (1ULL << 13)       /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)    /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)   /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)    /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct port {
    uint64_t allowed;
    uint64_t number;
};

/*
 * Read by glibc's resolver, its plug-ins' loader and the time functions. Any
 * of them may be a link to where the folders below do not reach.
 */
static const char *const files_of_libc[] = {"/etc/hosts",
                                            "/etc/resolv.conf",
                                            "/etc/nsswitch.conf",
                                            "/etc/host.conf",
                                            "/etc/gai.conf",
                                            "/etc/services",
                                            "/etc/protocols",
                                            "/etc/networks",
                                            "/etc/ld.so.cache",
                                            "/etc/localtime",
                                            NULL};

static bool
add_rule(int ruleset, int fd, uint64_t allowed)
{
    const struct beneath rule = {.allowed = allowed, .parent = fd};

    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_BENEATH, &rule, 0)
           == 0;
}

/* What is not there, or is out of this user's reach, needs no rule. */
static bool
is_absent(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ELOOP
           || number == EACCES;
}

static bool
allow_reading(int ruleset, const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    uint64_t allowed = FS_READ_FILE;
    struct stat st;
    bool done;

    if (fd < 0)
        return is_absent(errno);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        allowed |= FS_READ_DIR;
    done = add_rule(ruleset, fd, allowed);
    (void) close(fd);
    return done;
}

/*
 * Rules hold for what a path leads to, not for its spelling: a file that ends
 * outside the folders needs a rule of its own. For that file alone: a link to
 * a folder or a device opens nothing. Failing leaves the cage tighter, and
 * sandbox_report() says so.
 */
static void
allow_files(int ruleset, const char *const *paths)
{
    struct stat st;
    int fd;

    for (; paths != NULL && *paths != NULL; paths++) {
        fd = open(*paths, O_PATH | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            (void) add_rule(ruleset, fd, FS_READ_FILE);
        (void) close(fd);
    }
}

#if MEASURED
static bool
allow_counting(int ruleset)
{
    int fd = open(COVERAGE_FOLDER, O_PATH | O_CLOEXEC);
    bool done = add_rule(ruleset, fd, FS_READ_FILE | (1ULL << 1)); /* write */

    (void) close(fd);
    return done;
}
#endif

static bool
allow_port(int ruleset, unsigned int number)
{
    struct port rule = {.allowed = NET_CONNECT_TCP, .number = number};

    return number == 0
           || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_PORT, &rule, 0)
                  == 0;
}

/*
 * The resolver, its plug-ins and OpenSSL read their files and libraries; the
 * certificates and keys of the configuration were read before.
 */
static bool
landlock(const struct sandbox_needs *needs, char *note, size_t size)
{
    static const char *const readable[]
        = {"/etc",      "/usr",      "/lib",
           "/lib64",    "/run",      "/var/lib/ca-certificates",
           "/proc/sys", "/dev/null", "/dev/urandom"};
    struct ruleset rules = {.fs = FS_ALL_1};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_VERSION_QUERY);
    size_t length = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    bool done = true;
    int ruleset;

    if (version < 1) {
        (void) snprintf(note, size, "%s",
                        errno == ENOSYS || errno == EOPNOTSUPP
                            ? "this kernel has no Landlock"
                            : "Landlock is refused here: SystemCallFilter= "
                              "of the service must allow @sandbox");
        return true;
    }
    if (version < 4)
        (void) snprintf(note, size,
                        "this kernel's Landlock cannot bound TCP ports");
    rules.fs |= version >= 2 ? FS_REFER : 0;
    rules.fs |= version >= 3 ? FS_TRUNCATE : 0;
    rules.fs |= version >= 5 ? FS_IOCTL_DEV : 0;
    rules.net = NET_BIND_TCP | NET_CONNECT_TCP;
    rules.scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX;
    ruleset = (int) syscall(SYS_landlock_create_ruleset, &rules, length, 0);
    if (ruleset < 0)
        return false;
    for (size_t i = 0; done && i < sizeof(readable) / sizeof(*readable); i++)
        done = allow_reading(ruleset, readable[i]);
    allow_files(ruleset, files_of_libc);
    allow_files(ruleset, needs->files);
#if MEASURED
    done = done && allow_counting(ruleset);
#endif
    if (done && version >= 4)
        done = allow_port(ruleset, needs->endpoint)
               && allow_port(ruleset, needs->proxy)
               && allow_port(ruleset, DNS_PORT);
    if (done)
        done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    (void) close(ruleset);
    return done;
}

/* Newer than the oldest headers that the rest compiles with. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

#ifdef SYS_mmap2
#define MAP_CALL SYS_mmap2
#else
#define MAP_CALL SYS_mmap
#endif
/* From 403 on, a number means the same call everywhere; up to 450 we know. */
#define FIRST_UNKNOWN_CALL 451
#define DENIED FAILS(EPERM)
#define DENY(name) CALL(name, DENIED)
/* The call whose argument n has one of the bits. */
#define DENY_BITS(name, n, bits)                                              \
    CALL(name, LOAD(ARGUMENT(n)), IF_BITS(bits, DENIED), ALLOWED)
/*
 * A kind of socket that may be made: arguments 0 to 2, of which the kernel
 * reads type without these two flags.
 */
#define SOCKET(family, type, protocol)                                        \
    LOAD(ARGUMENT(0)),                                                        \
        IF_EQUAL(family, LOAD(ARGUMENT(1)),                                   \
                 BPF_STMT(BPF_ALU | BPF_AND | BPF_K,                          \
                          ~(uint32_t) (SOCK_CLOEXEC | SOCK_NONBLOCK)),        \
                 IF_EQUAL(type, LOAD(ARGUMENT(2)),                            \
                          IF_EQUAL(protocol, ALLOWED)))
/* Plug-ins and their daemons. */
#define LOCAL_SOCKETS                                                         \
    SOCKET(AF_UNIX, SOCK_STREAM, 0), SOCKET(AF_UNIX, SOCK_DGRAM, 0),          \
        SOCKET(AF_UNIX, SOCK_SEQPACKET, 0)
/* A descriptor can be told to signal another process. */
#define DENY_OWNER(name)                                                      \
    CALL(name, LOAD(ARGUMENT(1)), IF_EQUAL(F_SETOWN, DENIED),                 \
         IF_EQUAL(F_SETOWN_EX, DENIED), ALLOWED)
#ifdef __s390x__
#define FLAGS_OF_CLONE ARGUMENT(1)
#else
#define FLAGS_OF_CLONE ARGUMENT(0)
#endif

/*
 * What is refused, rather than a list of what is allowed: resolver plug-ins
 * of other people run here (sss, resolve, winbind), and one system call too
 * few would be a locked door. New processes, other programs, other
 * processes, other address families, executable memory and everything that
 * changes the system are out.
 */
static const struct sock_filter filter[] = {
#ifdef AUDIT_ARCHITECTURE
    LOAD(FIELD(arch)),
    IF_OTHER(AUDIT_ARCHITECTURE, ENDS),
#endif
    LOAD(FIELD(nr)),
#ifdef __x86_64__
    /* x32 numbers mean other calls. */
    IF_FROM(0x40000000u, ENDS),
#endif
/* As on an older kernel; ARM has calls of its own up there. */
#if defined(AUDIT_ARCHITECTURE) && !defined(__arm__)
    IF_FROM(FIRST_UNKNOWN_CALL, FAILS(ENOSYS)),
#endif
    /* These hide their flags in memory; glibc falls back. */
    CALL(clone3, FAILS(ENOSYS)),
    CALL(openat2, FAILS(ENOSYS)),
    CALL(clone, LOAD(FLAGS_OF_CLONE), IF_BITS(CLONE_THREAD, ALLOWED), DENIED),
/*
     * Landlock's ports are those of connect() on plain TCP: no MPTCP, SCTP,
     * DCCP or SMC, by whatever type or protocol they are asked for; nor a TCP
     * socket that is turned into another, nor connecting by sending.
     */
#ifdef SYS_socket
    CALL(socket, SOCKET(AF_INET, SOCK_STREAM, 0),
         SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP),
         SOCKET(AF_INET, SOCK_DGRAM, 0),
         SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
         SOCKET(AF_INET6, SOCK_STREAM, 0),
         SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
         SOCKET(AF_INET6, SOCK_DGRAM, 0),
         SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP), LOCAL_SOCKETS,
         /* This machine's addresses. */
         SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
         SOCKET(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE), FAILS(EAFNOSUPPORT)),
#endif
#ifdef SYS_socketpair
    CALL(socketpair, LOCAL_SOCKETS, FAILS(EAFNOSUPPORT)),
#endif
#ifdef SYS_setsockopt
    CALL(setsockopt, LOAD(ARGUMENT(1)),
         IF_EQUAL(IPPROTO_TCP, LOAD(ARGUMENT(2)), IF_EQUAL(TCP_ULP, DENIED)),
         ALLOWED),
#endif
#ifdef SYS_sendto
    DENY_BITS(sendto, 3, MSG_FASTOPEN),
    DENY_BITS(sendmsg, 2, MSG_FASTOPEN),
#endif
    DENY_BITS(sendmmsg, 3, MSG_FASTOPEN),
/*
     * glibc of i386 and s390x has no other door to sockets, and of what goes
     * through it only the number is in sight. On i386 it is called again by
     * its own name, see call_directly(); on s390x families are not judged.
     */
#if defined(__i386__)
    CALL(socketcall, RETURN(SECCOMP_RET_TRAP)),
#elif defined(__s390x__)
    CALL(socketcall, LOAD(ARGUMENT(0)), IF_EQUAL(SYS_LISTEN, DENIED),
         IF_EQUAL(SYS_ACCEPT, DENIED), IF_EQUAL(SYS_ACCEPT4, DENIED), ALLOWED),
#elif defined(SYS_socketcall)
    DENY(socketcall),
#endif
#ifdef SYS_ipc
    DENY(ipc),
#endif
    /* PROT_EXEC on anonymous or changed memory; libraries are mapped. */
    DENY_BITS(mprotect, 2, PROT_EXEC),
#ifndef __s390x__ /* its mmap hides the arguments in memory */
    IF_EQUAL(MAP_CALL, LOAD(ARGUMENT(2)),
             IF_BITS(PROT_EXEC, IF_BITS(PROT_WRITE, DENIED), LOAD(ARGUMENT(3)),
                     IF_BITS(MAP_ANONYMOUS, DENIED)),
             ALLOWED),
#endif
#if defined(SYS_mmap2) && defined(SYS_mmap)
    DENY(mmap),
#endif
    /* Limits of this process only: all helpers have the same uid. */
    CALL(prlimit64, LOAD(ARGUMENT(0)), IF_EQUAL(0, ALLOWED), DENIED),
    DENY_OWNER(fcntl),
#ifdef SYS_fcntl64
    DENY_OWNER(fcntl64),
#endif
    /* The same by another name, and a terminal that is made to read what was
     * not typed. */
    CALL(ioctl, LOAD(ARGUMENT(1)), IF_EQUAL(FIOSETOWN, DENIED),
         IF_EQUAL(SIOCSPGRP, DENIED), IF_EQUAL(TIOCSTI, DENIED),
         IF_EQUAL(TIOCLINUX, DENIED), ALLOWED),
    /* The signal that comes when the warden ends. */
    CALL(prctl, LOAD(ARGUMENT(0)), IF_EQUAL(PR_SET_PDEATHSIG, DENIED),
         ALLOWED),
/* New processes and programs. */
#ifdef SYS_fork
    DENY(fork),
    DENY(vfork),
#endif
    DENY(execve),
    DENY(execveat),
    /* Other processes. */
    DENY(ptrace),
    DENY(process_vm_readv),
    DENY(process_vm_writev),
    DENY(pidfd_open),
    DENY(pidfd_getfd),
    DENY(pidfd_send_signal),
    DENY(kill),
    DENY(tkill),
    DENY(tgkill),
    DENY(rt_sigqueueinfo),
    DENY(rt_tgsigqueueinfo),
    DENY(sched_setaffinity),
    DENY(sched_setattr),
    DENY(sched_setparam),
    DENY(sched_setscheduler),
    DENY(setpriority),
    DENY(ioprio_set),
    DENY(move_pages),
    DENY(migrate_pages),
    DENY(process_madvise),
    DENY(process_mrelease),
    DENY(kcmp),
    DENY(get_robust_list),
    /* Memory that is shared, or not bound by PROT_EXEC above. */
    DENY(memfd_create),
    DENY(pkey_mprotect),
    DENY(remap_file_pages),
    DENY(personality),
    DENY(userfaultfd),
#ifdef SYS_memfd_secret
    DENY(memfd_secret),
#endif
#ifdef SYS_shmget
    DENY(shmget),
    DENY(shmat),
    DENY(msgget),
    DENY(msgsnd),
    DENY(msgrcv),
    DENY(semget),
#endif
    DENY(mq_open),
    DENY(mq_unlink),
    /* Connections from outside, and rings past this filter. */
    DENY(listen),
    DENY(accept4),
#ifdef SYS_accept
    DENY(accept),
#endif
    DENY(io_uring_setup),
    DENY(io_uring_enter),
    DENY(io_uring_register),
    DENY(io_setup),
    /* The system: mounts, namespaces, modules, keys, clocks, names. */
    DENY(mount),
    DENY(umount2),
    DENY(pivot_root),
    DENY(chroot),
    DENY(open_tree),
    DENY(move_mount),
    DENY(fsopen),
    DENY(fsconfig),
    DENY(fsmount),
    DENY(fspick),
    DENY(mount_setattr),
    DENY(unshare),
    DENY(setns),
    DENY(bpf),
    DENY(perf_event_open),
    DENY(fanotify_init),
    DENY(keyctl),
    DENY(add_key),
    DENY(request_key),
    DENY(kexec_load),
    DENY(init_module),
    DENY(finit_module),
    DENY(delete_module),
    DENY(reboot),
    DENY(swapon),
    DENY(swapoff),
    DENY(acct),
    DENY(quotactl),
    DENY(quotactl_fd),
    DENY(syslog),
    DENY(vhangup),
    DENY(settimeofday),
    DENY(clock_settime),
    DENY(clock_adjtime),
    DENY(adjtimex),
    DENY(sethostname),
    DENY(setdomainname),
    DENY(open_by_handle_at),
    DENY(name_to_handle_at),
#ifdef SYS_kexec_file_load
    DENY(kexec_file_load),
#endif
#ifdef SYS_lookup_dcookie
    DENY(lookup_dcookie),
#endif
#ifdef SYS_nfsservctl
    DENY(nfsservctl),
#endif
#ifdef SYS_uselib
    DENY(uselib),
#endif
#ifdef SYS_iopl
    DENY(iopl),
    DENY(ioperm),
#endif
#ifdef SYS_modify_ldt
    DENY(modify_ldt),
#endif
    ALLOWED,
};

#ifdef __i386__
/*
 * SIGSYS: a socketcall() that the filter did not let through. Made again as
 * the call that it stands for (from Linux 4.3 on), which the filter judges.
 */
static void
call_directly(int number, siginfo_t *info, void *context)
{
    static const struct {
        unsigned short call;
        unsigned char count; /* of arguments */
    } direct[] = {
        [SYS_SOCKET] = {SYS_socket, 3},
        [SYS_BIND] = {SYS_bind, 3},
        [SYS_CONNECT] = {SYS_connect, 3},
        [SYS_LISTEN] = {SYS_listen, 2},
        [SYS_ACCEPT] = {SYS_accept4, 3},
        [SYS_GETSOCKNAME] = {SYS_getsockname, 3},
        [SYS_GETPEERNAME] = {SYS_getpeername, 3},
        [SYS_SOCKETPAIR] = {SYS_socketpair, 4},
        [SYS_SEND] = {SYS_sendto, 4},
        [SYS_RECV] = {SYS_recvfrom, 4},
        [SYS_SENDTO] = {SYS_sendto, 6},
        [SYS_RECVFROM] = {SYS_recvfrom, 6},
        [SYS_SHUTDOWN] = {SYS_shutdown, 2},
        [SYS_SETSOCKOPT] = {SYS_setsockopt, 5},
        [SYS_GETSOCKOPT] = {SYS_getsockopt, 5},
        [SYS_SENDMSG] = {SYS_sendmsg, 3},
        [SYS_RECVMSG] = {SYS_recvmsg, 3},
        [SYS_ACCEPT4] = {SYS_accept4, 4},
        [SYS_RECVMMSG] = {SYS_recvmmsg, 5},
        [SYS_SENDMMSG] = {SYS_sendmmsg, 4},
    };
    greg_t *registers = ((ucontext_t *) context)->uc_mcontext.gregs;
    unsigned long which = (unsigned long) registers[REG_EBX];
    const long *from = (const long *) registers[REG_ECX];
    long arguments[6] = {0}, result;
    int before = errno;

    (void) number;
    (void) info;
    if (which == 0 || which >= sizeof(direct) / sizeof(direct[0])) {
        registers[REG_EAX] = -EINVAL;
        return;
    }
    memcpy(arguments, from, direct[which].count * sizeof(*from));
    result = syscall(direct[which].call, arguments[0], arguments[1],
                     arguments[2], arguments[3], arguments[4], arguments[5]);
    registers[REG_EAX] = result < 0 ? -errno : (greg_t) result;
    errno = before;
}

static bool
catch_calls(void)
{
    struct sigaction action = {.sa_sigaction = call_directly,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    return sigaction(SIGSYS, &action, NULL) == 0;
}
#endif

static bool
filter_calls(void)
{
    const struct sock_fprog program = {
        .len = sizeof(filter) / sizeof(filter[0]),
        .filter = (struct sock_filter *) (uintptr_t) filter,
    };

#ifdef __i386__
    if (!catch_calls())
        return false;
#endif
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool
sandbox_confine(const struct sandbox_needs *needs, char *error_out,
                size_t error_size, char *note_out, size_t note_size)
{
    note_out[0] = '\0';
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        return fail(error_out, error_size, "cannot forbid tracing");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(error_out, error_size, "cannot forbid new privileges");
    if (!set_limits())
        return fail(error_out, error_size, "cannot set limits");
    if (!landlock(needs, note_out, note_size))
        return fail(error_out, error_size, "cannot set up Landlock");
    if (!filter_calls())
        return fail(error_out, error_size, "cannot filter system calls");
    return true;
}

static void
report(const char *path, void (*say)(void *context, const char *line),
       void *context)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int number = errno;
    struct stat st;
    char line[TEXT_LINE_MAX + 1], text[80], shown[101];

    if (fd >= 0) {
        (void) close(fd);
        return;
    }
    if (number != EACCES && number != EPERM)
        return;
    (void) snprintf(line, sizeof(line),
                    "%s%s cannot be read by the helper: %s",
                    text_path(path, shown, sizeof(shown)),
                    lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? ", a link,"
                                                                 : "",
                    strerror_r(number, text, sizeof(text)));
    say(context, line);
}

void
sandbox_report(const struct sandbox_needs *needs,
               void (*say)(void *context, const char *line), void *context)
{
    const char *const *path;

    for (path = files_of_libc; *path != NULL; path++)
        report(*path, say, context);
    for (path = needs->files; path != NULL && *path != NULL; path++)
        report(*path, say, context);
}
