/*
 * This machine's places.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/places.h"

#include "common/wire.h"

const struct places places = {
    .etc = "/etc",
    .pam = {"/etc/pam.d", "/usr/lib/pam.d"},
    .sshd = "/usr/sbin/sshd",
    .accounts = "/var/lib/pam_cognito",
    .selinux = "/sys/fs/selinux/enforce",
    .socket = WIRE_SOCKET,
    .systemd = "/run/systemd/system",
    .units = {"/lib/systemd/system", "/usr/lib/systemd/system",
              "/usr/local/lib/systemd/system", "/run/systemd/system",
              "/etc/systemd/system"},
};
