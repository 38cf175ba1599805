/*
 * pam-cognito check: a doctor for an installation. Each file here looks at
 * one subject and adds findings; the real cause comes first, and what cannot
 * be judged without it is not judged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_CHECK_H
#define PAM_COGNITO_DOCTOR_CHECK_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "accounts/settings.h"
#include "cli/cli.h"
#include "client/setup.h"
#include "common/config.h"
#include "common/file.h"
#include "common/text.h"
#include "doctor/finding.h"
#include "doctor/pam_stack.h"
#include "doctor/services.h"
#include "pam/lookup.h"
#include "pam/scope.h"

#define CHECK_MODULE "pam_cognito.so"
#define CHECK_ARGUMENTS_MAX (CLI_SETTINGS_MAX + PAM_ARGUMENTS_MAX + 2)

enum check_level { CHECK_OK, CHECK_SKIP, CHECK_WARNING, CHECK_PROBLEM };

#define CHECK_CURE_MAX 1024
#define CHECK_BRIEF_MAX 160

/* What is where a helper on a socket would be. */
enum check_socket {
    CHECK_SOCKET_OFF,     /* nothing */
    CHECK_SOCKET_DEAD,    /* a name, and nobody who listens */
    CHECK_SOCKET_FOREIGN, /* somebody else than root listens */
    CHECK_SOCKET_CLOSED,  /* the host may not connect */
    CHECK_SOCKET_UNKNOWN, /* that could not be found out */
    CHECK_SOCKET_OPEN     /* root's */
};

struct finding {
    enum check_level level;
    enum finding_id id;
    unsigned int number; /* of what is to be done, from 1; else 0 */
    char *text;
    char *fix;   /* a step a line, or NULL */
    char *brief; /* in place of finding.def's, or NULL */
    char *file;  /* where it stands, or NULL */
    unsigned int line;
};

struct check {
    struct cli *cli;
    const char *service;
    const char *user;           /* or NULL */
    struct service_facts facts; /* of the host */
    struct {
        uid_t uid;
        gid_t gid;
        char name[SERVICE_USER_MAX]; /* "": root, or nobody in particular */
        enum lookup account;         /* of that name, where one is looked up */
        int error;                   /* why that failed */
    } host;                          /* as whom its program runs */
    struct file_trust trust;
    struct {
        enum check_socket state;
        int error; /* why it could not be connected to */
        uid_t uid; /* who listens there, where somebody does */
        bool installed, masked, helper_masked, enabled; /* its units */
        bool systemd;                                   /* runs here */
        bool needed;   /* the host cannot have a helper of its own, or not
                          one that can read everything */
        bool personal; /* config= or helper= of a host that is not root */
        bool only;     /* start=socket */
        bool never;    /* start=direct */
        bool used;     /* the module would connect to it */
        bool missed;   /* that the host needs it was said */
    } socket;
    struct pam_stack stack;
    const struct pam_line *line; /* of pam_cognito.so in auth, or NULL */
    size_t argument_count;
    const char *arguments[CHECK_ARGUMENTS_MAX]; /* as the module gets them */
    struct config *module;
    struct setup setup;
    bool usable;       /* the settings are good enough for the network */
    bool helper_sound; /* its program and user are as they must be */
    bool cage_reached; /* the helper itself reached the pool */
    char issuer_seen[TEXT_LINE_MAX]; /* of the pool's tokens, or "" */
    int64_t server_date; /* the service's clock, Unix seconds, or 0 */
    int64_t local_date;  /* ours when that arrived */
    size_t finding_count;
    struct finding *findings;
    size_t problems;
    size_t warnings;
    bool may_sign_in;            /* the user is in scope */
    char left_out[512];          /* what was not judged, and why */
    char cure[CHECK_CURE_MAX];   /* see check_cure */
    char brief[CHECK_BRIEF_MAX]; /* see check_brief */
    const char *file;            /* see check_at */
    unsigned int line_number;
};

/*
 * Adds a finding. fix is what to do about it, a step a line, as it can be
 * typed, or NULL; both are cleaned.
 */
void check_add(struct check *check, enum check_level level, enum finding_id id,
               const char *fix, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/*
 * For the next finding: its words in the table, and where it stands; line 0
 * for a whole file.
 */
void check_brief(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void check_at(struct check *check, const char *file, unsigned int line);
/* A fix, kept until the next one. */
const char *check_cure(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The fix of a line of PAM's: another control. */
const char *check_replace(struct check *check, const struct pam_line *line,
                          const char *control);

/* Opens a file of /etc; NULL as fopen. */
FILE *check_open_etc(const char *name);

/* The day of that second in UTC, as 2026-05-31, or "?". */
#define CHECK_DAY_SIZE 16
void check_format_day(int64_t when, char out[CHECK_DAY_SIZE]);

/* Notes that a part was not looked at. */
void check_leave_out(struct check *check, enum finding_id id,
                     const char *what);

enum cli_exit check(struct cli *cli);

/* The subjects, a file each. Where one returns a bool: was nothing found? */

/* host.c: as whom its program runs; fills host and trust before all else. */
void check_host_find(struct check *check);
/* Its user in words. */
const char *check_host_name(const struct check *check);
/* try(path) as that user: what the kernel refuses him counts. Its result. */
int check_as_host(const struct check *check, int (*try)(const char *path),
                  const char *path);
/* Can it read what the module and the helper need, and ask what they ask? */
void check_host(struct check *check);

/* stack.c: reads the files, finds the module's line and arguments, and says
 * nothing yet. */
void check_stack_read(struct check *check);
void check_stack(struct check *check);
/* Does nobody log in to this machine there? Then accounts are not asked for,
 * and root has other ways in. */
bool check_is_remote(const struct check *check);
/* Does the auth phase take passwords that are kept elsewhere, too? */
bool check_has_local(const struct check *check);
/* modules.c: lines whose module is not there; marks them in check->stack. */
void check_modules_find(struct check *check);
bool check_modules(struct check *check);
/* account_phase.c: what that phase makes of the module's answers. */
bool check_account_phase(struct check *check);

/* config.c: the settings of both owners and the files they name; fills
 * module, setup and usable. Reads the module's before, without a word. */
void check_config_read(struct check *check);
void check_config(struct check *check);
/* The file with the settings. */
const char *check_settings_path(const struct check *check);

/* socket.c: what is there, and whether the host takes its helper from there;
 * with that the helper's trust is root's. */
void check_socket_find(struct check *check);
void check_socket(struct check *check);
/* What a host does about something that only root can read. */
const char *check_socket_cure(const struct check *check,
                              char out[CHECK_CURE_MAX]);
/* A connection, or -1. */
int check_socket_connect(const char *path);

/* machine.c: the helper, its user, what the kernel offers to confine it. */
void check_machine(struct check *check);

/* account.c: the person; nothing but groups when nobody was named. */
void check_account(struct check *check);

/* accounts.c: those that pam-cognito accounts makes, where it does. */
void check_accounts(struct check *check);
/* Its settings; NULL with why, "" where there are none. */
struct settings *check_accounts_settings(char *error_out, size_t error_size);
/* As scope_of, with the arguments of the stack's line. */
enum scope check_scope(const struct check *check, const char *user,
                       const char **reason_out);
/* groups.c: are the groups of only_group there, and where from? */
void check_groups(struct check *check);
/* Is there such a group? Also when that cannot be found out. */
bool check_is_group(const char *name);
/* Is there any group of only_group? */
bool check_has_group(const struct check *check);
/*
 * Tells each the names of members of only_group, 50 of each kind at most for a
 * group: those in its line, and those whose primary group it is in the file
 * passwd, as accounts makes them. False when there is no such group.
 */
bool check_each_member(const struct check *check,
                       void (*each)(void *context, const char *name),
                       void *context);
/* Does the file "group" or "passwd" itself have a line of that name? */
bool check_is_in_file(const char *file_name, const char *name);
/* person.c: the account of check->user, who is in scope. */
void check_person(struct check *check, const struct passwd *account);
/* Everybody in scope, for local passwords; when no user was named. */
void check_people(struct check *check);
/* /etc/nologin: nobody but root. */
void check_nologin(struct check *check);

/* sshd.c: what sshd -T prints; sshd_lists.c: its lists of users, of that
 * text. */
void check_sshd(struct check *check);
/* A fix: a line of sshd's settings, and to have them read. */
const char *check_sshd_cure(struct check *check, const char *line);
const char *check_sshd_unit(void);
bool check_sshd_lists(struct check *check, const char *text);
/* sshd_keys.c: does accounts write SSH keys, and does sshd, by what -T says,
 * read them? If not, line_out is the setting with which it would. */
#define CHECK_KEYS_LINE_SIZE 512
bool check_has_keys(void);
bool check_reads_keys(const char *text, char line_out[CHECK_KEYS_LINE_SIZE]);
bool check_sshd_keys(struct check *check, const char *text);

/* pool.c: network, TLS, clock, keys, app client, secret and flows; says what
 * it sends before it sends it. */
void check_pool(struct check *check);
/* cage.c: root's only: the real helper fetches the keys; sets
 * cage_reached. */
void check_cage(struct check *check);

#endif
