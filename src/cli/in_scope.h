/*
 * Would the module on this machine take this user for the pool's? Asked of
 * the module's own code.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CLI_IN_SCOPE_H
#define PAM_COGNITO_CLI_IN_SCOPE_H

#include "common/file.h"
#include "module/scope.h"

/*
 * As scope_of, with these module arguments. *reason_out is a constant.
 */
enum scope in_scope(const char *user, const char *service, size_t count,
                    const char *const *arguments,
                    const struct file_trust *trust, const char **reason_out);

#endif
