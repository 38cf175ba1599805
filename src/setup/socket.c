/*
 * The helper on a socket, which systemd starts: for programs that are not root,
 * such as screen lockers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/places.h"
#include "setup/put.h"

#define KIND "socket"
#define UNIT "pam_cognito.socket"
#define SYSTEMCTL "/usr/bin/systemctl"

static bool
has_unit(void)
{
    char path[256];

    for (size_t i = 0; i < PLACES_UNITS; i++) {
        (void) snprintf(path, sizeof(path), "%s/" UNIT, places.units[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* systemctl with a word or two and the unit; says nothing. */
static bool
ask_systemd(struct prepare *prepare, const char *verb, const char *option)
{
    char path[] = SYSTEMCTL, unit[] = UNIT, first[32], second[32];
    char *const words[] = {path, first, second, unit, NULL};

    (void) snprintf(first, sizeof(first), "%s", verb);
    (void) snprintf(second, sizeof(second), "%s", option);
    return prepare_run(prepare, words);
}

static enum step_state
look(struct prepare *prepare)
{
    if (access(places.systemd, F_OK) < 0)
        return prepare_say(prepare, STEP_SKIPPED,
                           "there is no systemd here: programs that are not "
                           "root, such as screen lockers, cannot ask the "
                           "user pool");
    if (!has_unit())
        return prepare_say(prepare, STEP_SKIPPED, "there is no " UNIT " here");
    if (ask_systemd(prepare, "is-enabled", "--quiet")
        && ask_systemd(prepare, "is-active", "--quiet"))
        return prepare_say(prepare, STEP_THERE, UNIT " is on");
    prepare_command(prepare, SYSTEMCTL " enable --now " UNIT);
    return prepare_say(prepare, STEP_DUE,
                       "switch " UNIT " on, for programs that are not root, "
                       "such as screen lockers");
}

static enum step_state
make(struct prepare *prepare)
{
    if (!ledger_add(&prepare->ledger, KIND, UNIT))
        return prepare_say(prepare, STEP_FAILED, LEDGER_PATH ": %s",
                           strerror(errno));
    return ask_systemd(prepare, "enable", "--now") ? STEP_THERE : STEP_FAILED;
}

static enum step_state
look_back(struct prepare *prepare)
{
    if (!ledger_has(&prepare->ledger, KIND, UNIT))
        return prepare_say(prepare, STEP_SKIPPED,
                           "setup did not switch " UNIT " on");
    if (access(places.systemd, F_OK) < 0 || !has_unit())
        return prepare_say(prepare, STEP_THERE, UNIT " is gone");
    prepare_command(prepare, SYSTEMCTL " disable --now " UNIT);
    return prepare_say(prepare, STEP_DUE, "switch " UNIT " off");
}

static enum step_state
take_back(struct prepare *prepare)
{
    return ask_systemd(prepare, "disable", "--now") ? STEP_THERE : STEP_FAILED;
}

const struct step prepare_socket = {KIND, look, make, look_back, take_back};
