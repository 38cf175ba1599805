/*
 * What the helper gives up before the first packet leaves: root, the right
 * to regain it, and whatever the network part has no need of.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SANDBOX_H
#define PAM_COGNITO_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Becomes the unprivileged user for good: groups, gid, uid, each verified.
 * Does nothing when personal. False with *error_out when the account is
 * missing or any step fails; the helper must not go on then.
 */
bool sandbox_drop(const char *user, bool personal, char *error_out,
                  size_t error_size);

/* Ports that may be connected to besides DNS. */
struct sandbox_ports {
    unsigned int endpoint;
    unsigned int proxy; /* 0: none */
};

/*
 * No core dumps, no tracing, no new privileges, limits, a system call filter
 * and, where the kernel has Landlock, no writing anywhere and no TCP but to
 * the ports given. False with *error_out when a step fails that every
 * supported kernel has; *note_out (may be "") names what this kernel lacks.
 */
bool sandbox_confine(const struct sandbox_ports *ports, char *error_out,
                     size_t error_size, char *note_out, size_t note_size);

#endif
