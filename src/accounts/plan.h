/*
 * What is to be done so that the pool's people exist here: from the people,
 * the state and this machine's accounts to a list of actions and a list of
 * what was refused. It does nothing, reads nothing and asks nobody but the
 * functions that it is given.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_PLAN_H
#define PAM_COGNITO_ACCOUNTS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "accounts/names.h"
#include "accounts/pieces.h"
#include "accounts/settings.h"
#include "accounts/state.h"
#include "common/status.h"
#include "pam/lookup.h"

#define PLAN_WHY_SIZE 320       /* of a refusal's sentence */
#define PLAN_FULL_NAME_SIZE 101 /* of a full name: 100 bytes */

/* One of the pool's; NULL for what it has not. */
struct plan_person {
    const char *username;
    const char *sub;
    bool enabled;       /* false only where the service said so */
    const char *status; /* UserStatus */
    const char *email;
    bool email_verified;
    const char *name;          /* attribute name: the full one */
    const char *uid;           /* of uid_attribute */
    const char *keys;          /* of ssh_key_attribute */
    const char *const *groups; /* of the pool; count of them */
    size_t group_count;
    const char *malformed; /* what is wrong with it, or NULL */
};

/* A line of /etc/passwd; expired: the account's date of expiry has passed. */
struct plan_account {
    const char *name;
    uid_t uid;
    gid_t gid;
    const char *gecos;
    const char *home;
    bool expired;
};

/* A line of /etc/group. */
struct plan_group {
    const char *name;
    gid_t gid;
    const char *const *members;
    size_t member_count;
};

/*
 * A range of /etc/subuid or /etc/subgid, first to last; whose: a name or a
 * uid, see subuid(5).
 */
struct plan_range {
    uint64_t first;
    uint64_t last;
    const char *owner;
};

enum plan_home {
    PLAN_HOME_NONE,  /* nothing of that name */
    PLAN_HOME_OURS,  /* a folder that belongs to that uid */
    PLAN_HOME_EMPTY, /* one of root's with nothing in it, as a useradd that
                        was ended may have left for it */
    PLAN_HOME_OTHER, /* anything else */
};

/* This machine. */
struct plan_facts {
    const struct plan_account *accounts;
    size_t account_count;
    const struct plan_group *groups;
    size_t group_count;
    const struct plan_range *ranges;
    size_t range_count;
    uid_t minimum_uid; /* of pam_cognito.conf: below it nobody is the pool's */
    void *context;     /* of the functions */
    /* What gives that name rights here; NULL for nothing. */
    const char *(*reserved_name)(void *context, const char *name);
    const char *(*reserved_uid)(void *context, uid_t uid);
    /* Is that name or uid an account's, by whatever name service? */
    enum lookup (*name_taken)(void *context, const char *name);
    enum lookup (*uid_taken)(void *context, uid_t uid);
    enum plan_home (*home)(void *context, const char *path, uid_t uid);
    /*
     * Would the file of that account's keys have to be written, for it to say
     * what the attribute says? "" is none: no file, or an empty one.
     */
    bool (*keys_differ)(void *context, const char *name, const char *keys);
};

/* Everything that a plan is made of. */
struct plan_input {
    const struct plan_person *people; /* of listings that all came to an end */
    size_t count;
    const struct names *names;
    const struct settings *settings;
    const struct state *state;
    const struct plan_facts *facts;
    const char
        *uid_doubt; /* why uid_attribute does not count; NULL: it does */
    const char *keys_doubt; /* the same for ssh_key_attribute */
    bool force;             /* whatever max_removals says */
};

/* What an action has besides name, sub and uid stands behind it. */
enum plan_kind {
    PLAN_KEYS,       /* text: the attribute, "" empties the file */
    PLAN_LEAVE,      /* group */
    PLAN_LOCK,       /* state: locked */
    PLAN_MAKE_GROUP, /* group: make it; no name, no sub */
    PLAN_TAKE_OVER,  /* text: GECOS, home; the account is there, from a run
                        that was ended. state: present */
    PLAN_MAKE,       /* text: GECOS, home; state: making, then present */
    PLAN_ADOPT,      /* state: present */
    PLAN_UNLOCK,     /* state: present */
    PLAN_JOIN,       /* group */
    PLAN_FULL_NAME,  /* text: GECOS, all of it */
    PLAN_FORGET,     /* home, text: what to rename it to; both NULL: it stays.
                        has_account: or there is none. state: forgotten */
};

struct plan_action {
    enum plan_kind kind;
    const char *name;
    const char *sub;
    uid_t uid;
    const char *group;
    const char *text;
    const char *home;
    bool has_account;
};

/* What was refused, and changed in no way but that access may be taken. */
struct plan_refusal {
    const char *id;       /* a word, see plan.c; a constant */
    const char *name;     /* here; "" where there is none */
    const char *username; /* in the pool; "" where there is none */
    const char *why;      /* a sentence, with what would cure it */
    bool usual;           /* nothing is wrong: no reason to end with 3 */
};

/* Who should exist here when the plan is done, by name. */
struct plan_wanted {
    const char *name;
    const char *sub;
    uid_t uid;
    const char *gecos;
    const char *home;
};

struct plan {
    struct plan_action *actions; /* in the order in which they are to be done:
                                    first what takes away */
    size_t count;
    struct plan_action *held; /* not to be done: max_removals */
    size_t held_count;
    struct plan_refusal *refusals;
    size_t refusal_count;
    struct plan_wanted *wanted;
    size_t wanted_count;
    size_t removals;      /* accounts that are to be locked */
    struct pieces memory; /* what all of the texts stand in */
};

/*
 * STATUS_OK or STATUS_MEMORY; plan_free in both cases. What it hands out lives
 * until then, borrows nothing. Carried out, it is followed by an empty one.
 */
enum status plan_sync(const struct plan_input *input, struct plan *plan_out);

/*
 * Taking an account over that is here and not in the state; sync does the
 * rest. One action, or one refusal.
 */
enum status plan_adopt(const struct plan_input *input, const char *name,
                       struct plan *plan_out);

/* Of input: settings, state and facts. One action, or one refusal. */
enum status plan_forget(const struct plan_input *input, const char *name,
                        struct plan *plan_out);

void plan_free(struct plan *plan);

/* "make", "lock" ...: for the report. */
const char *plan_word(enum plan_kind kind);

/*
 * Writes a pool's full name so that it can be a field of a GECOS: no colon, no
 * comma, no =, nothing that is not printable or not UTF-8, blanks single.
 */
void plan_full_name(const char *name, char out[PLAN_FULL_NAME_SIZE]);

#endif
