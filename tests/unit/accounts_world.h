/*
 * A pool, a machine and a state in words, what a plan says of them, and a
 * machine that carries it out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_WORLD_H
#define PAM_COGNITO_ACCOUNTS_WORLD_H

#include "accounts/plan.h"

#define WORLD_EMPTY ((uid_t) -2) /* owner of a home: root, and it is empty */
#define WORLD_MAX 32             /* of each kind */
#define WORLD_TEXTS 4096

struct world_key {
    char name[40];
    char text[64];
};

struct world {
    char *texts[WORLD_TEXTS]; /* what the others point to */
    size_t text_count;
    struct plan_person people[WORLD_MAX];
    const char *memberships[WORLD_MAX][8];
    size_t people_count;
    struct plan_account accounts[WORLD_MAX];
    size_t account_count;
    struct plan_group groups[WORLD_MAX];
    const char *members[WORLD_MAX][WORLD_MAX];
    size_t group_count;
    struct plan_range ranges[WORLD_MAX];
    size_t range_count;
    struct world_key keys[WORLD_MAX]; /* files of keys, by name */
    size_t key_count;
    char homes[WORLD_MAX][80]; /* folders that are there */
    uid_t home_owners[WORLD_MAX];
    size_t home_count;
    const char *reserved;  /* a name */
    const char *elsewhere; /* a name that another service has */
    const char *silent;    /* a name that no service answers about */
    uid_t uid_reserved, uid_elsewhere, uid_silent;
    uid_t minimum_uid;
    struct state state;
    struct settings *settings;
    struct config *module, *helper;
    struct names names;
    struct map *map;
    const char *uid_doubt, *keys_doubt;
    bool force;
};

/*
 * Lines of words:
 *   set KEY=VALUE          of pam_cognito_accounts.conf
 *   conf KEY=VALUE         of pam_cognito.conf
 *   map LOCAL=POOL         of map_file
 *   person NAME SUB [GROUP,GROUP] [STATUS] [off] [email=E] [verified]
 *          [name=N] [uid=U] [keys=K] [bad]
 *   entry NAME SUB UID KIND
 *   account NAME UID GID [gecos=G] [home=H] [expired]
 *   group NAME GID [MEMBER,MEMBER]
 *   range FIRST LAST [OWNER]
 *   keys NAME TEXT
 *   home PATH UID
 *   reserved|elsewhere|silent NAME
 *   uid-reserved|uid-elsewhere|uid-silent|minimum UID
 *   doubt-uid|doubt-keys|force
 * _ in N, G and K stands for a blank.
 */
void world_make(struct world *world, const char *text);
void world_free(struct world *world);

struct plan_input world_input(const struct world *world);

/* The plan in lines, as the tests have it. */
void world_tell(const struct plan *plan, char *out, size_t size);

/*
 * Carries out the first count actions. half: of the one behind them so much
 * as a process that is killed may have come to, 0 to 3.
 */
void world_apply(struct world *world, const struct plan *plan, size_t count,
                 unsigned int half);

struct plan_account *world_account(struct world *world, const char *name);
bool world_is_listed(const struct world *world, const char *group,
                     const char *name);
const char *world_keys(const struct world *world, const char *name);

/*
 * So many worlds of chance; NULL, or what did not hold in one, which is
 * printed. done_out: actions that were carried out.
 */
const char *world_by_chance(unsigned int rounds, size_t *done_out);

#endif
