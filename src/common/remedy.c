/*
 * From an errno or a signal to the systemd setting that is its usual reason.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
has_capabilities(void)
{
    struct __user_cap_header_struct header
        = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    const unsigned int both = 1u << CAP_SETUID | 1u << CAP_SETGID;

    return syscall(SYS_capget, &header, data) == 0
           && (data[0].permitted & both) == both;
}

/* Does the user namespace of this process deny setgroups? */
static bool
is_denied(void)
{
    char word[8] = "";
    int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (read(fd, word, sizeof(word) - 1) < 0)
        word[0] = '\0';
    (void) close(fd);
    return strncmp(word, "deny", 4) == 0;
}

bool
remedy_may_change_user(void)
{
    return has_capabilities() && !is_denied();
}

const char *
remedy_identity(int number)
{
    if (number == EINVAL)
        return "this user namespace has no such id: PrivateUsers= of the "
               "service, or a container that maps too few";
    if (number == EPERM && !has_capabilities())
        return "CapabilityBoundingSet= of the service lacks CAP_SETUID or "
               "CAP_SETGID";
    if (number == EPERM && is_denied())
        return "this user namespace denies setgroups: PrivateUsers= of the "
               "service, or a container without root's own mapping";
    return "SystemCallFilter= of the service must allow @setuid";
}

const char *
remedy_clone(int number)
{
    if (number == EAGAIN)
        return "TasksMax= or LimitNPROC= of the service is used up";
    if (number == ENOMEM)
        return "MemoryMax= of the service or the machine's memory is used up";
    return "SystemCallFilter= of the service must allow @process";
}

const char *
remedy_exec(int number)
{
    if (number == EACCES)
        return "NoExecPaths= of the service, a noexec mount or a security "
               "module is in the way";
    if (number == ENOENT || number == ENOEXEC || number == ELIBBAD)
        return "it or its loader is missing here, or is of another machine: "
               "RootDirectory= and InaccessiblePaths= of the service";
    if (number == EAGAIN || number == ENOMEM)
        return remedy_clone(number);
    return "SystemCallFilter= of the service must allow @process";
}

const char *
remedy_signal(int number)
{
    if (number == SIGSYS)
        return "SystemCallFilter= of the service must allow @system-service, "
               "@setuid and @sandbox";
    if (number == SIGKILL)
        return "killed by somebody, or MemoryMax= of the service or the "
               "machine's memory is used up";
    if (number == SIGXCPU)
        return "LimitCPU= of the service is used up";
    if (number == SIGALRM)
        return "it was late";
    return "report it";
}
