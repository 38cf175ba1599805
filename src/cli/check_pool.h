/*
 * check: the network and the pool: DNS, proxy, TLS, the clock, the signing
 * keys, the app client, its secret and its flows. Says what it sends before
 * it sends it; with --offline sends nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_CHECK_POOL_H
#define PAM_COGNITO_CLI_CHECK_POOL_H

#include "cli/check.h"

void check_pool(struct check *check);

#endif
