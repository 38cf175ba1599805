/*
 * What must be remembered between processes, in /run/pam_cognito (root's,
 * 0700): only the module writes there, and no name is made of user input.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_STAMP_H
#define PAM_COGNITO_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "module/call.h"

#define STAMP_FOLDER "/run/pam_cognito"
#define STAMP_CODE_SECONDS 600 /* one code per user in this time */

enum stamp {
    STAMP_YES,
    STAMP_NO,    /* one was sent not long ago */
    STAMP_CANNOT /* nothing can be recorded: no local account, no root host */
};

/*
 * May a code be sent to the call's user now? Yes at most once in
 * STAMP_CODE_SECONDS; the yes is recorded before it is given, so killing the
 * host does not help.
 */
enum stamp stamp_permit_code(const struct call *call);

/*
 * The same for the name of a stamp, as the command-line tool asks when it
 * runs as root. STAMP_CANNOT without a line in the log.
 */
enum stamp stamp_take(const char *name);

/* The stamp of a local account's codes. */
void stamp_name(uid_t uid, char *out, size_t size);

/*
 * Opens a file there for reading and writing, made when missing; -1 when that
 * is not possible. name is the caller's own, made of numbers.
 */
int stamp_open(const char *name);

/*
 * Takes the lock of such a file. False, soon, where another has it: a person
 * can stop the su that is his own while it holds the lock, and the others must
 * not wait for that.
 */
bool stamp_lock(int fd);

#endif
