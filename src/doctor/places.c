/*
 * This machine's places.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/places.h"

const struct places places = {
    .etc = "/etc",
    .pam = {"/etc/pam.d", "/usr/lib/pam.d"},
    .sshd = "/usr/sbin/sshd",
    .selinux = "/sys/fs/selinux/enforce",
};
