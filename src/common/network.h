/*
 * What a sandbox leaves of the network, asked without sending anything.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_NETWORK_H
#define PAM_COGNITO_NETWORK_H

#include <stdbool.h>

/* Is this process refused a socket of the internet? */
bool network_is_refused(void);

/* Is there no way out of this network namespace? */
bool network_is_alone(void);

#endif
