/*
 * The people of a user pool, and two questions about the pool that decide how
 * far its attributes can be trusted: signed requests, which only read. They
 * are asked one after the other, at most rate a second; what is throttled or
 * fails on the way is asked again, with full jitter, at most
 * DIRECTORY_TRIES times. A listing that did not end brings nobody.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_DIRECTORY_H
#define PAM_COGNITO_ACCOUNTS_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accounts/credentials.h"
#include "cognito/pool.h"
#include "common/file.h"
#include "common/secret.h"
#include "common/status.h"

#define DIRECTORY_PEOPLE_MAX 100000 /* that a listing may bring */
#define DIRECTORY_GROUPS_MAX 64     /* that can be asked for at once */
#define DIRECTORY_PAGE 60           /* people a request, the service's limit */
#define DIRECTORY_TRIES 5           /* of one request */
#define DIRECTORY_NAME_MAX 512      /* bytes of Username: 128 characters */
#define DIRECTORY_VALUE_MAX 8192    /* bytes of a value: 2048 characters */
#define DIRECTORY_MESSAGE_MAX 512   /* bytes of a message with its NUL */

/* Borrowed until directory_close. */
struct directory_options {
    const struct pool *pool;
    const struct secret *ca; /* as in http.h, as the next two */
    const char *ca_folder;
    struct file_trust ca_trust;
    const char *proxy;               /* as in pam_cognito.conf; NULL: none */
    unsigned int connect_ms;         /* for connecting, after resolving */
    unsigned int total_ms;           /* from directory_open, for everything */
    unsigned int rate;               /* requests a second, 1 or more */
    struct credentials *credentials; /* found; renewed when they expire */
    const char *uid_attribute;       /* such as custom:uid; NULL: not wanted */
    const char *ssh_key_attribute;   /* such as custom:sshkey; NULL likewise */
    /*
     * Called after each page, and before a wait of a second or more: people
     * so far, and for how many milliseconds it is waited now.
     */
    void (*progress)(void *context, size_t people, unsigned int wait_ms);
    void *context;
};

enum directory_status {
    PERSON_UNKNOWN, /* a status that is not known here, or none */
    PERSON_UNCONFIRMED,
    PERSON_CONFIRMED,
    PERSON_ARCHIVED,
    PERSON_COMPROMISED,
    PERSON_RESET_REQUIRED,
    PERSON_FORCE_CHANGE_PASSWORD,
    PERSON_EXTERNAL_PROVIDER
};

/* The service's word for it, UserStatus. */
const char *directory_status_word(enum directory_status status);

/*
 * One person of the pool. Texts are as sent: valid UTF-8, at most as long as
 * the limits above say, not cleaned, and no promise about what is in them.
 * What is absent, or empty, is NULL. Of one that is malformed only username,
 * or "" where there is none, and sub, or NULL, are to be used, to name it, and
 * enabled, which is false only where the service said so.
 */
struct person {
    char *username;
    char *sub; /* a UUID in lower case */
    char *email;
    char *name;
    char *uid;       /* the value of uid_attribute */
    char *ssh_key;   /* the value of ssh_key_attribute */
    uint64_t groups; /* bit i: the group asked for at index i has the person */
    enum directory_status status;
    bool enabled;
    bool email_verified;
    const char *malformed; /* NULL, or what is wrong: a constant */
};

/* In the order of their user names, each once. directory_forget frees. */
struct people {
    struct person *people;
    size_t count;
};

struct directory;

/*
 * Asks nothing yet. STATUS_MEMORY, STATUS_CONFIG (curl too old to sign) or
 * STATUS_INTERNAL; message_out says more. directory_close what comes out.
 */
enum status directory_open(const struct directory_options *options,
                           struct directory **directory_out,
                           char message_out[DIRECTORY_MESSAGE_MAX]);
void directory_close(struct directory *directory);

/*
 * One sentence about the latest failure, with what to do, printable; "" when
 * there was none. Belongs to the directory.
 */
const char *directory_message(const struct directory *directory);

/*
 * The members of count groups of the pool, DIRECTORY_GROUPS_MAX at most; with
 * count 0 everybody, whose groups are 0 then. Initialise *people_out with {0};
 * it holds nobody unless STATUS_OK is returned. Else:
 *   STATUS_CONFIG       credentials: none, wrong, expired, not allowed to
 *   STATUS_POOL_CONFIG  no such pool or group
 *   STATUS_THROTTLED, STATUS_SERVER, STATUS_DNS, STATUS_CONNECT, STATUS_TLS,
 *   STATUS_TRANSPORT    still so at the last try
 *   STATUS_TIMEOUT      total_ms are over
 *   STATUS_UNREADABLE   no such answer was expected, a page came twice, or
 *                       there are more than DIRECTORY_PEOPLE_MAX
 *   STATUS_PROTOCOL, STATUS_MEMORY, STATUS_INTERNAL
 */
enum status directory_list(struct directory *directory,
                           const char *const *groups, size_t count,
                           struct people *people_out);
void directory_forget(struct people *people);

/* What could be found out. directory_message says why nothing could. */
enum directory_fact { DIRECTORY_UNKNOWN, DIRECTORY_NO, DIRECTORY_YES };

/* May nobody sign up by themselves? (AllowAdminCreateUserOnly) */
enum directory_fact directory_is_closed(struct directory *directory);

/* Can that attribute never be changed once it has a value? */
enum directory_fact directory_is_immutable(struct directory *directory,
                                           const char *attribute);

/*
 * May people write that attribute, which is theirs, through any app client of
 * the pool? YES: client_out (of size bytes) names the first one that lets
 * them. For a client without a list of its own: YES for a standard attribute,
 * UNKNOWN for a custom one, which Amazon's pages and observation disagree
 * about.
 */
enum directory_fact directory_clients_write(struct directory *directory,
                                            const char *attribute,
                                            char *client_out, size_t size);

#endif
