/*
 * Asks for a socket and for the names of the interfaces.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/network.h"

#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
network_is_refused(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno == EAFNOSUPPORT || errno == EPERM || errno == EACCES;
    (void) close(fd);
    return false;
}

bool
network_is_alone(void)
{
    struct if_nameindex *names = if_nameindex();
    bool alone = names != NULL && names[0].if_index != 0
                 && names[1].if_index == 0
                 && strcmp(names[0].if_name, "lo") == 0;

    if (names != NULL)
        if_freenameindex(names);
    return alone;
}
