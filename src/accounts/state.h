/*
 * What this tool knows about the accounts that it made: whose they are, and
 * which uids were ever given. A file of root's, /var/lib/pam_cognito/
 * accounts.json, whole or as it was. One process at a time has it open to
 * write.
 *
 * A sub and a uid stand in it once, for ever; a name once among those that are
 * not forgotten.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_STATE_H
#define PAM_COGNITO_ACCOUNTS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STATE_FOLDER "/var/lib/pam_cognito"
#define STATE_FILE "accounts.json"
#define STATE_MESSAGE_SIZE 512
#define STATE_NAME_SIZE 33 /* as names.h has it */
#define STATE_SUB_SIZE 129

enum state_kind {
    STATE_MAKING,  /* saved before useradd is started */
    STATE_PRESENT, /* made, or adopted */
    STATE_LOCKED,  /* gone or disabled */
    STATE_FORGOTTEN
};

struct state_entry {
    char name[STATE_NAME_SIZE];
    char sub[STATE_SUB_SIZE];
    uid_t uid;
    int64_t since; /* when the account was made or adopted; Unix time */
    enum state_kind kind;
};

/* What the last sync could not do, for `check`. */
struct state_refusal {
    char *id;
    char *name; /* here or, without one, in the pool; "" for neither */
    char *why;
};

struct state {
    struct state_entry *entries;
    size_t count;
    int64_t last_time; /* of the last sync; 0: there was none */
    char *last_result; /* a line; NULL: there was none */
    struct state_refusal *refusals;
    size_t refusal_count;
    int folder; /* of a state that may be saved; else -1 */
    int lock;
    uid_t owner;
};

/*
 * Reads the state in the folder. to_write: makes the folder where there is
 * none, and locks the state until state_close. Without a file it is empty.
 * False with why in error_out, and nothing has changed: the folder or the file
 * is not root's (owner's) or has another mode, the file is damaged or another
 * version's, another process has the lock (which one, where it can be known).
 */
bool state_open(struct state *state, const char *folder, uid_t owner,
                bool to_write, char *error_out, size_t error_size);

/*
 * Puts the state as it is onto the disk: a file beside it, synced, renamed.
 * False with why: what was saved last is still there, or, when only the last
 * step failed, the new one is.
 */
bool state_save(struct state *state, char *error_out, size_t error_size);

/* Frees and unlocks. Whoever called state_open calls it, whatever that said. */
void state_close(struct state *state);

/* The entry of that sub; of that name, if it is not forgotten. Or NULL. */
struct state_entry *state_of_sub(const struct state *state, const char *sub);
struct state_entry *state_of_name(const struct state *state, const char *name);

/*
 * Enters a person, or the same one again by another name; a sub keeps its uid
 * once its account is made. False when memory is out, or when that would give
 * a uid or a name twice.
 */
bool state_put(struct state *state, const char *name, const char *sub,
               uid_t uid, int64_t since, enum state_kind kind);

/* Forgets the refusals of the sync before, notes how this one ended. */
bool state_note_sync(struct state *state, int64_t time, const char *result);
bool state_note_refusal(struct state *state, const char *id, const char *name,
                        const char *why);

/* "making", "present", "locked", "forgotten". */
const char *state_word(enum state_kind kind);

#endif
