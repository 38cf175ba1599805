/*
 * The local group whose members are the user pool's.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/check.h"
#include "pam/lookup.h"
#include "setup/put.h"

#define KIND "group"
#define GROUPS_FILE "/etc/group"

static enum step_state
say_unknown(struct prepare *prepare, int number)
{
    return prepare_say(prepare, STEP_FAILED,
                       PREPARE_GROUP " could not be looked up: %s",
                       strerror(number));
}

static enum step_state
look(struct prepare *prepare)
{
    struct group group;
    char error[PREPARE_TEXT_MAX];
    char *memory = NULL;
    enum lookup found;
    int number;

    if (check_is_in_file(KIND, PREPARE_GROUP))
        return prepare_say(prepare, STEP_THERE,
                           PREPARE_GROUP " is in " GROUPS_FILE);
    found = lookup_group(PREPARE_GROUP, &group, &memory);
    number = errno;
    free(memory);
    if (found == LOOKUP_FAILED)
        return say_unknown(prepare, number);
    /* What a name service hides now and then decides who is asked. */
    if (found == LOOKUP_FOUND)
        return prepare_say(prepare, STEP_FAILED,
                           PREPARE_GROUP " comes from a name service; it "
                                         "belongs in " GROUPS_FILE
                                         ", with the same gid");
    if (!put_may_write(GROUPS_FILE, error, sizeof(error)))
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    prepare_command(prepare, "/usr/sbin/groupadd " PREPARE_GROUP);
    return prepare_say(prepare, STEP_DUE,
                       "make " PREPARE_GROUP
                       ", whose members are the user pool's");
}

static enum step_state
make(struct prepare *prepare)
{
    char path[] = "/usr/sbin/groupadd", name[] = PREPARE_GROUP;
    char *const words[] = {path, name, NULL};

    if (!ledger_add(&prepare->ledger, KIND, PREPARE_GROUP))
        return prepare_say(prepare, STEP_FAILED, LEDGER_PATH ": %s",
                           strerror(errno));
    return prepare_run(prepare, words) ? STEP_THERE : STEP_FAILED;
}

static enum step_state
look_back(struct prepare *prepare)
{
    struct group group;
    char *memory = NULL;
    enum step_state state = STEP_DUE;
    enum lookup found;
    int number;

    if (!ledger_has(&prepare->ledger, KIND, PREPARE_GROUP))
        return prepare_say(prepare, STEP_SKIPPED,
                           "setup did not make " PREPARE_GROUP ": it stays");
    if (!check_is_in_file(KIND, PREPARE_GROUP))
        return prepare_say(prepare, STEP_THERE, PREPARE_GROUP " is gone");
    found = lookup_group(PREPARE_GROUP, &group, &memory);
    number = errno;
    if (found == LOOKUP_FAILED)
        state = say_unknown(prepare, number);
    else if (found == LOOKUP_FOUND && group.gr_mem[0] != NULL)
        state = prepare_say(prepare, STEP_SKIPPED,
                            PREPARE_GROUP
                            " has members, %s among them: it stays",
                            group.gr_mem[0]);
    free(memory);
    if (state != STEP_DUE)
        return state;
    prepare_command(prepare, "/usr/sbin/groupdel " PREPARE_GROUP);
    return prepare_say(prepare, STEP_DUE, "remove " PREPARE_GROUP);
}

static enum step_state
take_back(struct prepare *prepare)
{
    char path[] = "/usr/sbin/groupdel", name[] = PREPARE_GROUP;
    char *const words[] = {path, name, NULL};

    /* It refuses where that is somebody's primary group. */
    return prepare_run(prepare, words) ? STEP_THERE : STEP_SKIPPED;
}

const struct step prepare_group = {KIND, look, make, look_back, take_back};
