/*
 * What root's processes remember together, in /run/pam_cognito (root's,
 * 0700). No name of a file is made of user input.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_RUN_STATE_H
#define PAM_COGNITO_RUN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_STATE_FOLDER "/run/pam_cognito"
#define STAMP_CODE_SECONDS 600 /* one code per user in this time */

enum stamp {
    STAMP_YES,
    STAMP_NO,    /* one was sent not long ago */
    STAMP_CANNOT /* nothing can be recorded: no root host */
};

/*
 * May a code be sent now? Yes at most once in STAMP_CODE_SECONDS for a name;
 * the yes is recorded before it is given, so killing the host does not help.
 */
enum stamp stamp_take(const char *name);

/* The same, of a stamp that is open already. */
enum stamp stamp_renew(int fd);

/* The stamp of a local account's codes. */
void stamp_name(uid_t uid, char *out, size_t size);

/*
 * Opens a file there for reading and writing, made when missing; -1 when that
 * is not possible. name is the caller's own, made of numbers.
 */
int run_state_open(const char *name);

/*
 * Takes the lock of such a file. False, soon, where another has it: a person
 * can stop the su that is his own while it holds the lock, and the others must
 * not wait for that.
 */
bool run_state_lock(int fd);
void run_state_unlock(int fd);

#endif
