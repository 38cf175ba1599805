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

/* What is left open, besides DNS and the files that libc reads. */
struct sandbox_needs {
    unsigned int endpoint;    /* TCP port */
    unsigned int proxy;       /* TCP port; 0: none */
    const char *const *files; /* to read, by their last link; NULL at the
                               * end; or NULL */
};

/*
 * No core dumps, no tracing, no new privileges, limits, a system call filter
 * and, where the kernel has Landlock, no writing anywhere, no reading but of
 * the system's own folders and of the files that libc and the caller name,
 * wherever these lead, and no TCP but to the ports given. False with
 * *error_out when a step fails that every supported kernel has; *note_out
 * (may be "") names what this kernel lacks.
 */
bool sandbox_confine(const struct sandbox_needs *needs, char *error_out,
                     size_t error_size, char *note_out, size_t note_size);

/*
 * After confinement: says a line about each of those files that is there and
 * cannot be read.
 */
void sandbox_report(const struct sandbox_needs *needs,
                    void (*say)(void *context, const char *line),
                    void *context);

#endif
