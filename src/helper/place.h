/*
 * How many conversations the users of the socket may have at a time: so that
 * nobody takes them all from root's hosts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PLACE_H
#define PAM_COGNITO_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PLACES_OWN 8         /* of a uid that asks about itself */
#define PLACES_TRUSTED 64    /* of one in trusted_users */
#define PLACES_STRANGERS 192 /* of all but root: fewer than MaxConnections= */

struct place {
    int fd;              /* holds it until all its copies are closed; -1 */
    unsigned int number; /* among those of that uid, from 0 */
};

/*
 * Takes one of the places of that uid that a trusted one would have: who is
 * trusted is not known before the request is read. False when there is none,
 * or none can be counted.
 */
bool place_take(uid_t uid, struct place *place_out);

/* May it be kept? One who is not trusted goes back to the first few. */
bool place_keep(struct place *place, uid_t uid, bool trusted);

/* Closes this copy. */
void place_close(struct place *place);

#endif
