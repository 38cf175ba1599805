/*
 * What is known of the programs behind PAM services: as whom they run, and
 * how many questions they can pass on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_SERVICES_H
#define PAM_COGNITO_DOCTOR_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#define SERVICE_USER_MAX 64

struct service_facts {
    bool person;                 /* runs as whoever logs in */
    char user[SERVICE_USER_MAX]; /* else: as whom */
    bool dynamic;                /* that is there while it runs */
    bool absent;                 /* none of its users is here */
    bool known;                  /* in the table, or by a unit */
    bool one_question; /* a password, and nothing else can be asked */
    /* Settings of its unit in which no helper can be started by root, and in
     * which one would reach nothing; or NULL. */
    const char *identity;
    const char *network;
    bool no_login; /* a database, a proxy ...: nobody logs in to
                              this machine there */
};

/*
 * A unit of the service's name says as whom it runs, else the table, where a
 * user who cannot be looked up may be the one; what is in neither is taken
 * for root's, and not known.
 */
void service_facts(const char *service, struct service_facts *facts_out);

#endif
