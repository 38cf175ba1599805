/*
 * This machine's side of a plan: its accounts, groups and ranges of
 * subordinate ids, read from /etc, and what answers the plan's questions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_FACTS_H
#define PAM_COGNITO_ACCOUNTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "accounts/plan.h"
#include "accounts/settings.h"

struct facts;

/*
 * Reads all of it, as root. NULL with why in error_out when any of it cannot
 * be read: what is not known is no "nobody". facts_free what comes out.
 */
struct facts *facts_read(const struct settings *settings, uid_t minimum_uid,
                         char *error_out, size_t error_size);
void facts_free(struct facts *facts);

/* For the plan; it and all that it points to live as long as facts. */
const struct plan_facts *facts_of_plan(const struct facts *facts);

#endif
