/*
 * Where a machine keeps what check looks at. One table, so that tests can look
 * at another machine: their program has a table of its own (tests/cli), and no
 * option leads anywhere else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_PLACES_H
#define PAM_COGNITO_DOCTOR_PLACES_H

#define PLACES_PAM 2

struct places {
    const char *etc;             /* passwd, group, shells and so on */
    const char *pam[PLACES_PAM]; /* PAM services: the first that has a file */
    const char *sshd;            /* the program */
    const char *selinux;         /* says whether it enforces */
};

extern const struct places places;

#endif
