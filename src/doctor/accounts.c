/*
 * Accounts that pam-cognito accounts makes, in check: when it last did, and
 * whom it refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "accounts/state.h"
#include "doctor/places.h"

#define SYNC "pam-cognito accounts sync"
#define TIMER "systemctl enable --now pam_cognito-accounts.timer"
#define HOUR 3600
#define OLD (24 * HOUR) /* the timer's time is a quarter of one */
#define SHOWN 3         /* refusals that are named */

static void
add_refusals(struct check *check, const struct state *state)
{
    char names[160] = "";

    for (size_t i = 0; i < state->refusal_count && i < SHOWN; i++) {
        size_t used = strlen(names);

        (void) snprintf(names + used, sizeof(names) - used, "%s%.32s (%.16s)",
                        used == 0 ? "" : ", ", state->refusals[i].name,
                        state->refusals[i].id);
    }
    check_add(check, CHECK_WARNING, FINDING_ACCOUNTS_REFUSED,
              "pam-cognito accounts sync --dry-run says why",
              "%zu refused by the last sync: %s%s", state->refusal_count,
              names, state->refusal_count > SHOWN ? " ..." : "");
}

static void
add_age(struct check *check, const struct state *state)
{
    int64_t age = (int64_t) time(NULL) - state->last_time;

    if (state->last_time == 0)
        check_add(check, CHECK_WARNING, FINDING_ACCOUNTS_NEVER_SYNCED, SYNC,
                  "there are settings, and there was no sync yet");
    else if (age > OLD)
        check_add(check, CHECK_WARNING, FINDING_ACCOUNTS_OLD_SYNC, TIMER,
                  "the last sync was %lld hours ago: who left since is not "
                  "locked",
                  (long long) (age / HOUR));
    else
        check_add(check, CHECK_OK, FINDING_ACCOUNTS_SYNCED, NULL,
                  "synced %lld minutes ago: %s", (long long) (age / 60),
                  state->last_result == NULL ? "" : state->last_result);
}

struct settings *
check_accounts_settings(char *error_out, size_t error_size)
{
    /* Root's; in another machine's root, the tests', one's own. */
    const struct file_trust trust = {.owner = geteuid()};
    char path[FILE_PATH_MAX];
    struct settings *settings = NULL;
    char *real;

    error_out[0] = '\0';
    (void) snprintf(path, sizeof(path), "%s/security/%s", places.etc,
                    strrchr(SETTINGS_PATH, '/') + 1);
    real = realpath(path, NULL);
    if (real != NULL || errno != ENOENT)
        settings = settings_read(real == NULL ? path : real, &trust, error_out,
                                 error_size);
    free(real);
    return settings;
}

void
check_accounts(struct check *check)
{
    char path[FILE_PATH_MAX], error[STATE_MESSAGE_SIZE];
    struct settings *settings = check_accounts_settings(error, sizeof(error));
    struct state state;

    if (settings == NULL) {
        if (error[0] != '\0')
            check_add(check, CHECK_PROBLEM, FINDING_ACCOUNTS_SETTINGS,
                      "correct it in " SETTINGS_PATH, "%s", error);
        return;
    }
    settings_free(settings);
    (void) snprintf(path, sizeof(path), "%s/" STATE_FILE, places.accounts);
    if (access(path, R_OK) < 0 && errno == EACCES) {
        check_leave_out(check, FINDING_ACCOUNTS_ROOT_ONLY,
                        "the last sync of accounts (root is told)");
        return;
    }
    if (!state_open(&state, places.accounts, geteuid(), false, error,
                    sizeof(error))) {
        check_add(check, CHECK_PROBLEM, FINDING_ACCOUNTS_RECORDS,
                  check_cure(check,
                             "ls -l %.200s shows whose it is; no account is "
                             "made or locked until it is put right",
                             places.accounts),
                  "%s", error);
    } else {
        add_age(check, &state);
        if (state.refusal_count > 0)
            add_refusals(check, &state);
    }
    state_close(&state);
}
