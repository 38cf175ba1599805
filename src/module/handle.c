/*
 * Keeps what one call learnt in the PAM handle (pam_set_data), for the same
 * user and process only.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "module/handle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME "pam_cognito"

/* libpam calls this when the data is replaced and at pam_end. */
static void
let_go(pam_handle_t *pamh, void *data, int error_status)
{
    struct kept *kept = data;

    (void) pamh;
    if (kept == NULL)
        return;
    /* A forked copy of the host says so when it ends: the helper goes on
     * for the other. */
    if ((error_status & PAM_DATA_SILENT) != 0)
        relay_abandon(kept->relay);
    else
        relay_free(kept->relay);
    free(kept->user);
    free(kept);
}

void
handle_forget(struct call *call)
{
    const void *data = NULL;

    call->first = pam_get_data(call->pamh, NAME, &data) != PAM_SUCCESS
                  || data == NULL;
    /* Fails only where there is no data, which is what is wanted. */
    (void) pam_set_data(call->pamh, NAME, NULL, NULL);
}

struct kept *
handle_renew(struct call *call)
{
    struct kept *kept = calloc(1, sizeof(*kept));

    if (kept == NULL)
        return NULL;
    kept->uid = call->about.uid;
    kept->verdict = STATUS_INTERNAL;
    kept->user = strdup(call->user);
    if (kept->user == NULL
        || pam_set_data(call->pamh, NAME, kept, let_go) != PAM_SUCCESS) {
        free(kept->user);
        free(kept);
        return NULL;
    }
    return kept;
}

struct kept *
handle_kept(struct call *call)
{
    const void *data = NULL;
    struct kept *kept;

    if (pam_get_data(call->pamh, NAME, &data) != PAM_SUCCESS || data == NULL)
        return NULL;
    kept = (struct kept *) (uintptr_t) data;
    return strcmp(kept->user, call->user) == 0 ? kept : NULL;
}
