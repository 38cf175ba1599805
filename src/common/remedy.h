/*
 * What to do about a system call that a service's sandbox refuses, in the
 * words of systemd, whose settings are the usual reason.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_REMEDY_H
#define PAM_COGNITO_REMEDY_H

#include <stdbool.h>

/*
 * Has this process what setgroups, setresgid and setresuid want? A filter of
 * system calls is not asked.
 */
bool remedy_may_change_user(void);

/*
 * For setgroups, setresgid and setresuid that failed with that errno; 0: that
 * ended the process. Asks what this process may. Never NULL.
 */
const char *remedy_identity(int number);

/* For clone and fork, and for execve. */
const char *remedy_clone(int number);
const char *remedy_exec(int number);

/* For a process that was ended by that signal. */
const char *remedy_signal(int number);

#endif
