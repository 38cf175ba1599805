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
#define PLACES_UNITS 5

struct places {
    const char *etc;             /* passwd, group, shells and so on */
    const char *pam[PLACES_PAM]; /* PAM services: the first that has a file */
    const char *sshd;            /* the program */
    const char *accounts;        /* what accounts knows of those it made */
    const char *selinux;         /* says whether it enforces */
    const char *socket;          /* where a helper is to be had */
    const char *systemd;         /* is there where systemd runs */
    const char *units[PLACES_UNITS]; /* the package's first, the
                                        administrator's last */
};

extern const struct places places;

#endif
