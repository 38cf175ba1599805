/*
 * Carries a plan out: by the distribution's own tools, and in the state.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_ACT_H
#define PAM_COGNITO_ACCOUNTS_ACT_H

#include <stdbool.h>
#include <stddef.h>

#include "accounts/plan.h"
#include "accounts/settings.h"
#include "accounts/state.h"

#define ACT_NOTE_SIZE 512

struct act {
    const struct settings *settings;
    struct state *state; /* opened to write */
    /*
     * Called after each action: done, and a note ("" for none) of why not, or
     * of what was left out.
     */
    void (*tell)(void *context, const struct plan_action *action, bool done,
                 const char *note);
    void *context;
};

/*
 * Does the actions in their order; one that fails does not keep the others,
 * but ACT_FAILURES in a row end it, for then it is the machine's fault. How
 * many were not done. The state is saved before the first account of a batch
 * is made, and at the end. False with why in error_out: it could not be saved.
 */
#define ACT_FAILURES 5
bool act_on(const struct act *act, const struct plan_action *actions,
            size_t count, size_t *failed_out, char *error_out,
            size_t error_size);

/*
 * Ends everything that runs as that person, whose account is locked. False:
 * something still does.
 */
bool act_end_all(const char *name, uid_t uid);

#endif
