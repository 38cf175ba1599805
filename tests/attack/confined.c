/*
 * What somebody who took over the helper would try. Becomes what the helper
 * becomes with the helper's own code, and then does what it is told, deed by
 * deed: prints "deed 0" or "deed ERRNO" for each.
 *
 *   confined USER free|caged DEED...      as root
 *
 * free: only the identity is given up, which shows that the deeds themselves
 * are possible. Some deeds take an argument: "read:/etc/passwd".
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/sandbox.h"

#define ENDPOINT_PORT 443

/* A process of the same uid that is not confined: another helper, say. */
static pid_t victim;
static char page[4096] = "of the victim";

/* For a descriptor, or an address: is it one? */
static long
opened(long fd)
{
    return fd < 0 ? -1 : 0;
}

static long
mapped(const void *address)
{
    return address == MAP_FAILED ? -1 : 0;
}

/* ---- Files ---- */

static long
read_file(const char *path)
{
    return opened(open(path, O_RDONLY | O_CLOEXEC));
}

static long
write_file(const char *path)
{
    return opened(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static long
make_folder(const char *path)
{
    return mkdir(path, 0700);
}

static long
make_link(const char *path)
{
    return symlink("/etc/passwd", path);
}

static long
cut_file(const char *path)
{
    return truncate(path, 0);
}

static long
list_folder(const char *path)
{
    return opendir(path) == NULL ? -1 : 0;
}

static long
read_victim(const char *what)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) victim, what);
    return read_file(path);
}

static long
write_victim(const char *what)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) victim, what);
    return opened(open(path, O_WRONLY | O_CLOEXEC));
}

/* ---- Sockets ---- */

static struct sockaddr_in
loopback(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_port = htons((uint16_t) atoi(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* The libc that tests are built with need not know it. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static long
connect_by(int type, int protocol, const char *port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, type, protocol);

    return fd < 0 ? -1
                  : connect(fd, (struct sockaddr *) &address, sizeof(address));
}

static long
tcp(const char *port)
{
    return connect_by(SOCK_STREAM, 0, port);
}

static long
mptcp(const char *port)
{
    return connect_by(SOCK_STREAM, IPPROTO_MPTCP, port);
}

static long
udp(const char *port)
{
    return connect_by(SOCK_DGRAM, 0, port);
}

/* TCP Fast Open: connects without connect(). */
static long
send_fast(const char *port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return opened(sendto(fd, page, 1, MSG_FASTOPEN,
                         (struct sockaddr *) &address, sizeof(address)));
}

static long
message_fast(const char *port)
{
    struct sockaddr_in address = loopback(port);
    struct iovec data = {page, 1};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = &data,
                             .msg_iovlen = 1};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return opened(sendmsg(fd, &message, MSG_FASTOPEN));
}

static long
messages_fast(const char *port)
{
    struct sockaddr_in address = loopback(port);
    struct iovec data = {page, 1};
    struct mmsghdr message = {.msg_hdr = {.msg_name = &address,
                                          .msg_namelen = sizeof(address),
                                          .msg_iov = &data,
                                          .msg_iovlen = 1}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return opened(sendmmsg(fd, &message, 1, MSG_FASTOPEN));
}

static long
bind_port(const char *port)
{
    struct sockaddr_in address = loopback(port);

    return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *) &address,
                sizeof(address));
}

static long
listen_anywhere(const char *unused)
{
    (void) unused;
    return listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}

/* "FAMILY,TYPE,PROTOCOL"; closed again, for thousands are tried. */
static long
make_socket(const char *numbers)
{
    int family = 0, type = 0, protocol = 0, fd;

    (void) sscanf(numbers, "%d,%d,%d", &family, &type, &protocol);
    fd = socket(family, type, protocol);
    return fd < 0 ? -1 : close(fd);
}

static long
make_pair(const char *numbers)
{
    int family = 0, type = 0, protocol = 0, ends[2];

    (void) sscanf(numbers, "%d,%d,%d", &family, &type, &protocol);
    if (socketpair(family, type, protocol, ends) < 0)
        return -1;
    return close(ends[0]) == 0 && close(ends[1]) == 0 ? 0 : -1;
}

/* Makes another kind of socket of it, whose connect() Landlock may miss. */
static long
turn_socket(const char *kind)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return setsockopt(fd, IPPROTO_TCP, TCP_ULP, kind,
                      (socklen_t) strlen(kind));
}

/* What OpenSSL and libcurl set. */
static long
push_at_once(const char *unused)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    (void) unused;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static long
connect_unix(const char *name, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void) snprintf(address.sun_path + abstract,
                    sizeof(address.sun_path) - abstract, "%s", name);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0),
                   (struct sockaddr *) &address,
                   (socklen_t) (offsetof(struct sockaddr_un, sun_path)
                                + abstract + strlen(name)));
}

static long
unix_path(const char *path)
{
    return connect_unix(path, false);
}

static long
unix_abstract(const char *name)
{
    return connect_unix(name, true);
}

static long
resolve(const char *name)
{
    struct addrinfo *found = NULL;
    int code = getaddrinfo(name, "443", NULL, &found);

    if (code == 0)
        freeaddrinfo(found);
    errno = code == 0 ? 0 : ENOENT;
    return code == 0 ? 0 : -1;
}

/* ---- Other processes ---- */

static long
end_victim(const char *unused)
{
    (void) unused;
    return kill(victim, 0);
}

static long
end_init(const char *unused)
{
    (void) unused;
    return kill(1, 0);
}

static long
signal_by_descriptor(const char *unused)
{
    int ends[2];

    (void) unused;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return -1;
    return fcntl(ends[0], F_SETOWN, victim);
}

static long
signal_by_descriptor_ex(const char *unused)
{
    struct f_owner_ex owner = {F_OWNER_PID, victim};
    int ends[2];

    (void) unused;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return -1;
    return fcntl(ends[0], F_SETOWN_EX, &owner);
}

static long
signal_by_socket(const char *unused)
{
    int pid = victim;

    (void) unused;
    return ioctl(socket(AF_INET, SOCK_STREAM, 0), FIOSETOWN, &pid);
}

static long
trace(const char *unused)
{
    (void) unused;
    if (ptrace(PTRACE_SEIZE, victim, NULL, NULL) < 0)
        return -1;
    /* Let go: others try as well. */
    (void) ptrace(PTRACE_INTERRUPT, victim, NULL, NULL);
    (void) waitpid(victim, NULL, __WALL);
    (void) ptrace(PTRACE_DETACH, victim, NULL, NULL);
    return 0;
}

static long
read_memory(const char *unused)
{
    char copy[8];
    struct iovec here = {copy, sizeof(copy)}, there = {page, sizeof(copy)};

    (void) unused;
    return opened(process_vm_readv(victim, &here, 1, &there, 1, 0));
}

static long
write_memory(const char *unused)
{
    struct iovec here = {page, 8}, there = {page, 8};

    (void) unused;
    return opened(process_vm_writev(victim, &here, 1, &there, 1, 0));
}

static long
limit_victim(const char *unused)
{
    struct rlimit limit = {64, 64};

    (void) unused;
    return prlimit(victim, RLIMIT_NOFILE, &limit, NULL);
}

static long
limit_self(const char *unused)
{
    struct rlimit limit;

    (void) unused;
    return getrlimit(RLIMIT_NOFILE, &limit);
}

static long
bind_victim(const char *unused)
{
    cpu_set_t set;

    (void) unused;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return sched_setaffinity(victim, sizeof(set), &set);
}

static long
idle_victim(const char *unused)
{
    struct sched_param parameters = {0};

    (void) unused;
    return sched_setscheduler(victim, SCHED_BATCH, &parameters);
}

static long
slow_victim(const char *unused)
{
    (void) unused;
    return setpriority(PRIO_PROCESS, (id_t) victim, 19);
}

static long
slow_disk(const char *unused)
{
    (void) unused;
    return syscall(SYS_ioprio_set, 1, victim, 2 << 13 | 7);
}

static long
hold_victim(const char *unused)
{
    (void) unused;
    return opened(syscall(SYS_pidfd_open, victim, 0));
}

/* ---- New processes ---- */

static long
ended(long pid)
{
    if (pid == 0)
        _exit(0);
    return opened(pid);
}

static long
fork_self(const char *unused)
{
    (void) unused;
    return ended(fork());
}

static long
clone_self(const char *unused)
{
    (void) unused;
    return ended(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static long
clone3_self(const char *unused)
{
    const uint64_t arguments[8] = {[4] = SIGCHLD};

    (void) unused;
    return ended(syscall(SYS_clone3, arguments, sizeof(arguments)));
}

/* Prints for itself what the deed would. */
static long
run_program(const char *unused)
{
    (void) unused;
    return execl("/bin/echo", "echo", "exec 0", (char *) NULL);
}

static long
run_descriptor(const char *unused)
{
    static char *words[] = {"echo", "execat 0", NULL};

    (void) unused;
    return fexecve(open("/bin/echo", O_PATH), words, words + 2);
}

static void *
nothing(void *unused)
{
    return unused;
}

static long
run_thread(const char *unused)
{
    pthread_t thread;
    int code = pthread_create(&thread, NULL, nothing, NULL);

    (void) unused;
    if (code == 0)
        code = pthread_join(thread, NULL);
    errno = code;
    return code == 0 ? 0 : -1;
}

/* ---- Memory ---- */

static long
map_anonymous(const char *unused)
{
    (void) unused;
    return mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static long
map_writable(const char *path)
{
    return mapped(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE, open(path, O_RDONLY), 0));
}

static long
map_library(const char *path)
{
    return mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
                       open(path, O_RDONLY), 0));
}

static long
change_memory(const char *unused)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void) unused;
    return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static long
make_memfd(const char *unused)
{
    (void) unused;
    return opened(memfd_create("confined", 0));
}

static long
share_memory(const char *unused)
{
    (void) unused;
    return opened(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
}

/* ---- Privileges and the rest ---- */

static long
become_root(const char *unused)
{
    (void) unused;
    return setuid(0);
}

static long
join_root(const char *unused)
{
    (void) unused;
    return setgid(0);
}

static long
new_namespace(const char *unused)
{
    (void) unused;
    return unshare(CLONE_NEWUSER);
}

/* A system call by its number, with arguments that suit none. */
static long
call(const char *number)
{
    return opened(syscall(atol(number), -1L, -1L, -1L, -1L, -1L, -1L));
}

#ifdef __x86_64__
/* getpid() by the two other doors of the same kernel. */
static long
call_x32(const char *unused)
{
    (void) unused;
    return opened(syscall(0x40000000L | SYS_getpid));
}

static long
call_i386(const char *unused)
{
    long result = 20;

    (void) unused;
    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     :
                     : "memory", "r8", "r9", "r10", "r11");
    return result < 0 ? -1 : 0;
}
#endif

static const struct deed {
    const char *name;
    long (*do_it)(const char *argument);
} deeds[] = {
    {"read", read_file},
    {"write", write_file},
    {"mkdir", make_folder},
    {"symlink", make_link},
    {"truncate", cut_file},
    {"list", list_folder},
    {"readvictim", read_victim},
    {"writevictim", write_victim},
    {"tcp", tcp},
    {"mptcp", mptcp},
    {"udp", udp},
    {"sendto", send_fast},
    {"sendmsg", message_fast},
    {"sendmmsg", messages_fast},
    {"bind", bind_port},
    {"listen", listen_anywhere},
    {"socket", make_socket},
    {"pair", make_pair},
    {"ulp", turn_socket},
    {"nodelay", push_at_once},
    {"unix", unix_path},
    {"abstract", unix_abstract},
    {"resolve", resolve},
    {"kill", end_victim},
    {"killinit", end_init},
    {"setown", signal_by_descriptor},
    {"setownex", signal_by_descriptor_ex},
    {"iosetown", signal_by_socket},
    {"ptrace", trace},
    {"readmemory", read_memory},
    {"writememory", write_memory},
    {"prlimit", limit_victim},
    {"ownlimit", limit_self},
    {"affinity", bind_victim},
    {"scheduler", idle_victim},
    {"priority", slow_victim},
    {"ioprio", slow_disk},
    {"pidfd", hold_victim},
    {"fork", fork_self},
    {"clone", clone_self},
    {"clone3", clone3_self},
    {"exec", run_program},
    {"execat", run_descriptor},
    {"thread", run_thread},
    {"anonymous", map_anonymous},
    {"writable", map_writable},
    {"library", map_library},
    {"mprotect", change_memory},
    {"memfd", make_memfd},
    {"shm", share_memory},
    {"setuid", become_root},
    {"setgid", join_root},
    {"unshare", new_namespace},
    {"call", call},
#ifdef __x86_64__
    {"x32", call_x32},
    {"i386", call_i386},
#endif
};

static void
try_deed(const char *word)
{
    const char *colon = strchr(word, ':');
    size_t length = colon == NULL ? strlen(word) : (size_t) (colon - word);

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (strlen(deeds[i].name) != length
            || strncmp(deeds[i].name, word, length) != 0)
            continue;
        errno = 0;
        printf("%s %s\n", word,
               deeds[i].do_it(colon == NULL ? "" : colon + 1) == 0
                   ? "0"
                   : strerrorname_np(errno));
        return;
    }
    printf("%s is no deed\n", word);
}

/* Lives as long as this process has the other end of the pipe. */
static void
make_victim(void)
{
    int ends[2];

    /* It may be traced by its own kind, as a process usually may. */
    if (prctl(PR_SET_DUMPABLE, 1) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        exit(3);
    victim = fork();
    if (victim == 0) {
        (void) dup2(ends[0], 0);
        (void) close_range(1, ~0u, 0);
        (void) read(0, page, 1);
        _exit(0);
    }
    (void) close(ends[0]);
}

int
main(int argc, char **argv)
{
    static const char *const files[] = {"/etc/ssl/openssl.cnf", NULL};
    const struct sandbox_needs needs = {.endpoint = ENDPOINT_PORT,
                                        .files = files};
    char error[200], note[160];

    if (argc < 4)
        return 2;
    (void) setvbuf(stdout, NULL, _IOLBF, 0);
    if (!sandbox_drop(argv[1], false, error, sizeof(error))) {
        printf("%s\n", error);
        return 1;
    }
    make_victim();
    if (strcmp(argv[2], "caged") == 0
        && !sandbox_confine(&needs, error, sizeof(error), note,
                            sizeof(note))) {
        printf("%s\n", error);
        return 1;
    }
    for (int i = 3; i < argc; i++)
        try_deed(argv[i]);
    return 0;
}
