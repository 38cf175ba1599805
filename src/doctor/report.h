/*
 * check --report: what a bug report needs, without names, addresses and
 * secrets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_DOCTOR_REPORT_H
#define PAM_COGNITO_DOCTOR_REPORT_H

#include "doctor/check.h"

/* Creates the file, which must not be there yet, for its owner alone. */
bool report_open(const char *path, int *fd_out);

/* Writes the report and closes. False with an error line. */
bool report_write(const struct check *check, int fd);

#endif
