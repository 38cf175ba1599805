/*
 * The settings: module arguments over /etc/security/pam_cognito.conf, both
 * from one table (settings.def). Each key belongs to the module or to the
 * helper; each of them reads the file itself and keeps its own keys only, so
 * that the client secret never enters the host. docs and man pages are
 * compared with the table by a test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CONFIG_H
#define PAM_COGNITO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/file.h"
#include "common/status.h"

#define CONFIG_VALUE_MAX 4096 /* bytes of a value, with its NUL */
#define CONFIG_KEY_MAX 32     /* letters of a key, at most */
#define CONFIG_SLIPS_MAX 2    /* by which a key differs from what was typed */

enum config_key {
#define SETTING(key, name, owner, type, where, standard, choices, expected)   \
    KEY_##key,
#include "common/settings.def"
#undef SETTING
    KEY_COUNT
};

enum config_owner { CONFIG_MODULE, CONFIG_HELPER };

enum config_type {
    CONFIG_TEXT,    /* printable text */
    CONFIG_WORD,    /* printable text without blanks */
    CONFIG_SECRET,  /* a word that is never quoted in a message */
    CONFIG_FLAG,    /* yes or no; the bare key means yes */
    CONFIG_SECONDS, /* 1 to 600 */
    CONFIG_UID,     /* 1 to 60000 */
    CONFIG_LIST,    /* words with commas between them */
    CONFIG_PATH,    /* an absolute path */
    CONFIG_CHOICE,  /* one of the words in choices; NULL: any text */
    CONFIG_PATTERN, /* see common/pattern.h */
    CONFIG_FORMAT   /* text in which %u stands for the user name */
};

enum config_where {
    CONFIG_ANYWHERE,
    CONFIG_ARGUMENT, /* a module argument only */
    CONFIG_SECTION,  /* in the section of a service only */
    CONFIG_SERVICE   /* in one of these: it is for one service only */
};

/* A row of the table. */
struct config_entry {
    const char *name;
    enum config_owner owner;
    enum config_type type;
    enum config_where place;
    const char *standard; /* default value, NULL for none */
    const char *choices;  /* "one|two", for CONFIG_CHOICE and special values */
    const char *expected; /* what a message says was expected */
};

/* The row of a key. */
const struct config_entry *config_entry(enum config_key key);

struct config;

/* NULL when memory is out. */
struct config *config_new(enum config_owner owner);

/* Wipes and frees; NULL is fine. */
void config_free(struct config *config);

/*
 * Takes the arguments, which win over the file. Faults do not stop the
 * reading: every key that could be understood is there afterwards, so that
 * one mistake does not change the answer for users who are out of scope.
 */
void config_arguments(struct config *config, size_t count,
                      const char *const *arguments);

/*
 * Reads the file: keys before the first section, and those of the section
 * [service], which win. required: its absence is a fault. Nothing is read when
 * the arguments named one that could not be understood.
 */
void config_file(struct config *config, const char *path, const char *service,
                 const struct file_trust *trust, bool required);

/*
 * All of it: a config_new that has taken the arguments and then the file, the
 * one that config= names among them, which then must be there, or the
 * standard one. NULL when memory is out, at whatever point; config_status is
 * STATUS_OK or STATUS_CONFIG. trust: whose file may be believed.
 */
struct config *config_load(enum config_owner owner, size_t count,
                           const char *const *arguments, const char *service,
                           const struct file_trust *trust);

/*
 * Which file was read: its device and number; both 0 when none was.
 */
struct config_source {
    uint64_t device;
    uint64_t number;
};
struct config_source config_source(const struct config *config);

/*
 * Writes the names of those arguments that the helper on a socket would have
 * to obey, its own keys, config and helper, with commas between them, and
 * returns how many there are. It takes none from anybody: they may be gates,
 * so they must not be lost.
 */
size_t config_bound_arguments(size_t count, const char *const *arguments,
                              char *names_out, size_t size);

/*
 * Is user one of except_users? Asked before anything else and on its own, so
 * that no mistake elsewhere takes the break-glass away: every sound list
 * counts, of the arguments and of the file's lines before the first section,
 * whatever else is wrong there. A file that cannot be read or trusted adds
 * nothing, nor does any where it is not known which one config= means.
 */
bool config_is_excepted(const char *user, size_t count,
                        const char *const *arguments,
                        const struct file_trust *trust);

/*
 * Records a fault found by the caller (format as printf); the first one is
 * kept. where may be NULL.
 */
void config_fault(struct config *config, const char *key, const char *where,
                  const char *problem);

/*
 * Records that a value is not what was expected, and forgets it. For a
 * CONFIG_CHOICE without choices: any text is taken, whoever has the words
 * judges it, and a secret may stand in the wrong place.
 */
void config_refuse_value(struct config *config, enum config_key key,
                         const char *expected);

/* STATUS_OK, STATUS_CONFIG or STATUS_MEMORY. */
enum status config_status(const struct config *config);

/* The first fault as one line ("" when there is none), fit for the log. */
const char *config_message(const struct config *config);

/*
 * Is it known what was meant by the key? Not where it was named, if only
 * nearly, and not taken: malformed, given twice, behind a heading that cannot
 * be read; nor while there is a file that could not be read to its end.
 */
bool config_is_known(const struct config *config, enum config_key key);

/*
 * Was it given as a module argument, which wins over what a file says? The
 * second: as far as the arguments go it is known, whatever is wrong with the
 * file.
 */
bool config_is_argument(const struct config *config, enum config_key key);
bool config_argument_is_known(const struct config *config,
                              enum config_key key);

/* Was the key given (and understood)? Where, as text for a message. */
bool config_is_set(const struct config *config, enum config_key key);
const char *config_where(const struct config *config, enum config_key key);

/* The value or its default; NULL when there is neither. */
const char *config_text(const struct config *config, enum config_key key);
bool config_flag(const struct config *config, enum config_key key);
unsigned int config_number(const struct config *config, enum config_key key);

/* Is word one of the list's? False for an unset list. */
bool config_list_has(const struct config *config, enum config_key key,
                     const char *word);

/*
 * Copies the list's item at *position into out and moves on; false at the
 * end. Start with *position = 0.
 */
bool config_list_next(const struct config *config, enum config_key key,
                      size_t *position, char out[CONFIG_VALUE_MAX]);

/*
 * Is it a name as useradd and groupadd make them (username_class's default)?
 * Anything else that stands where a name is expected may be a secret, and is
 * not shown.
 */
bool config_is_plain_name(const char *name);

/*
 * How many letters of what was typed must change for it to be the key: more
 * than CONFIG_SLIPS_MAX where another one may have been meant.
 */
unsigned int config_slips(const char *typed, const char *key);

/* Is it a uid, in digits? (uid_t) -1 is none. */
bool config_is_uid(const char *word, uid_t *uid_out);

#endif
