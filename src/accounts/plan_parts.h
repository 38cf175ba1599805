/*
 * What the files that make plans share: the plan in the making, and finding
 * people, entries, accounts and groups in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_PLAN_PARTS_H
#define PAM_COGNITO_ACCOUNTS_PLAN_PARTS_H

#include "accounts/index.h"
#include "accounts/plan.h"

#define PARTS_UID_LEAST 1000
#define PARTS_UID_LAST 59999 /* of those that are given one after the other */
#define PARTS_PATH_SIZE 512

/* What was found out about one of the people. */
struct parts_person {
    char local[NAMES_LOCAL_SIZE]; /* "": there is no name, or no being here */
    const char *address;          /* small letters, verified; or NULL */
    const char *id;               /* of why it is refused, or NULL */
    const char *why;
    bool is_here; /* belongs to those who are to exist, and is not disabled */
    bool is_kept; /* the state has the sub by this very name */
};

/* A local group that map_groups speaks of, once. */
struct parts_group {
    const struct plan_group *group;
    size_t place; /* of the first pair that names it */
};

struct parts {
    const struct plan_input *in;
    struct plan *plan;
    struct parts_person *people;
    struct parts_group *mapped;
    size_t mapped_count;
    const struct plan_group *local_group; /* NULL: is to be made */
    struct index subs;                    /* people who are here */
    struct index addresses;               /* all people */
    struct index locals;       /* people who are here, by local name */
    struct index numbers;      /* people who are here, by uid_attribute */
    struct index entry_subs;   /* of the state */
    struct index entry_names;  /* of the state, without the forgotten */
    struct index range_owners; /* by name, or by "" and uid */
    struct index entry_uids;   /* of the state */
    struct index account_names;
    struct index account_uids;
    struct index group_names;
    struct index members; /* of groups: name and 1 + the group's place */
    struct index named;   /* in any group that is not ours to fill */
    bool is_incomplete;   /* somebody is here of whom no sub is known */
    uid_t next_uid;
    bool is_out_of_memory; /* from then on nothing is right */
};

/* False when memory is out; parts_free in both cases. */
bool parts_make(struct parts *parts, const struct plan_input *input,
                struct plan *plan);
/* Hands out the plan, or empties it. */
enum status parts_free(struct parts *parts);

/* Finds out about the people. */
void parts_judge(struct parts *parts);

/* A copy that lives as long as the plan; format as printf. */
const char *parts_text(struct parts *parts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds one with nothing but these; NULL when memory is out. */
struct plan_action *parts_act(struct parts *parts, enum plan_kind kind,
                              const char *name, const char *sub, uid_t uid);

/* why is a text of the plan's or a constant. */
void parts_refuse(struct parts *parts, const char *id, const char *name,
                  const char *username, const char *why, bool usual);

const struct state_entry *parts_entry_of_name(const struct parts *parts,
                                              const char *name);
const struct state_entry *parts_entry_of_sub(const struct parts *parts,
                                             const char *sub);
const struct plan_account *parts_account(const struct parts *parts,
                                         const char *name);

/* Is it listed there, or is that the account's own group? account: or NULL. */
bool parts_is_member(const struct parts *parts, const char *name,
                     const struct plan_account *account,
                     const struct plan_group *group);

/* Does the group give rights over the machine by its name? */
bool parts_is_powerful(const char *group);

/* Why nobody may have that uid, whoever has it now; NULL: one may. */
const char *parts_uid_fault(struct parts *parts, uid_t uid);

/* A uid as the attribute has it, in digits without a zero before them. */
bool parts_read_uid(const char *text, uid_t *uid_out);

/* UserStatus: why nobody is made of such a person; NULL: one is. */
const char *parts_status_fault(const struct plan_person *person);

#endif
