/*
 * What OpenSSL frees, wiped: its buffers hold answers in the clear, and the
 * numbers that passwords are turned into.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_WIPING_H
#define PAM_COGNITO_WIPING_H

/*
 * Once, before anything else of OpenSSL's is used. Does nothing where a
 * library has made OpenSSL allocate before main.
 */
void wiping_install(void);

#endif
