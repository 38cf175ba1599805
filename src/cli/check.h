/*
 * pam-cognito check: a doctor for an installation. Each check_*.c looks at
 * one part and adds findings; the real cause comes first, and what cannot be
 * judged without it is not judged.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_H
#define PAM_COGNITO_CLI_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/pam_stack.h"
#include "cli/services.h"
#include "common/config.h"
#include "common/file.h"
#include "common/text.h"
#include "helper/setup.h"

#define CHECK_MODULE "pam_cognito.so"
#define CHECK_ARGUMENTS_MAX (CLI_SETTINGS_MAX + PAM_ARGUMENTS_MAX + 2)

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_PROBLEM };

struct finding {
    enum check_level level;
    const char *area;
    char *text;
    char *fix; /* or NULL */
};

struct check {
    struct cli *cli;
    const char *service;
    const char *user;        /* or NULL */
    struct service_facts facts; /* of the host */
    struct {
        uid_t uid;
        gid_t gid;
        char name[SERVICE_USER_MAX]; /* "": root, or nobody in particular */
        bool missing;                /* there is no such account */
    } host;                      /* as whom its program runs */
    struct file_trust trust;
    struct pam_stack stack;
    const struct pam_line *line; /* of pam_cognito.so in auth, or NULL */
    size_t argument_count;
    const char *arguments[CHECK_ARGUMENTS_MAX]; /* as the module gets them */
    struct config *module;
    struct setup setup;
    bool usable;             /* the settings are good enough for the network */
    bool helper_sound;       /* its program and user are as they must be */
    bool cage_reached;       /* the helper itself reached the pool */
    char issuer_seen[TEXT_LINE_MAX]; /* of the pool's tokens, or "" */
    int64_t server_date;     /* the service's clock, Unix seconds, or 0 */
    int64_t local_date;      /* ours when that arrived */
    size_t finding_count;
    struct finding *findings;
    size_t problems;
    size_t warnings;
    char left_out[512];      /* what was not judged, and why */
};

/*
 * Adds and prints a finding. fix is what to do about it, or NULL; both are
 * cleaned.
 */
void check_add(struct check *check, enum check_level level, const char *area,
               const char *fix, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Opens a file of /etc, or of the folder of --etc; NULL as fopen. */
FILE *check_open_etc(const struct check *check, const char *name);

/* Notes that a part was not looked at. */
void check_leave_out(struct check *check, const char *what);

enum cli_exit check(struct cli *cli);

#endif
