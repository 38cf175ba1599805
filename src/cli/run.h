/*
 * Runs another program for what it prints: sshd -T and nothing else so far.
 * The only place of this tool that starts a process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_RUN_H
#define PAM_COGNITO_CLI_RUN_H

#include <stdbool.h>

#include "common/secret.h"

/*
 * Starts words[0] (an absolute path) with a minimal environment and without
 * input, and collects what it prints on both streams, at most 256 KiB, for at
 * most ms milliseconds; it is killed then. False when it cannot be started or
 * does not end by itself with status 0.
 */
bool run_program(char *const words[], unsigned int ms,
                 struct secret *output_out);

#endif
