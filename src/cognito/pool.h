/*
 * From a user pool ID to where the pool answers and what its tokens name as
 * issuer. COGNITO regions and partitions live here and nowhere else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_POOL_H
#define PAM_COGNITO_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/status.h"

#define POOL_ID_MAX 55
#define POOL_URL_MAX 512

/* What the configuration says; NULL means "from the pool ID". */
struct pool_options {
    const char *id;       /* required: REGION_NAME */
    const char *region;   /* where the part before the first _ is no region */
    const char *endpoint; /* https://host[:port], not with fips or dualstack */
    const char *issuer;   /* URL without a trailing slash; only compared */
    bool fips;
    bool dualstack;
};

struct pool {
    char id[POOL_ID_MAX + 1];
    char region[POOL_ID_MAX + 1];
    char name[POOL_ID_MAX + 1];  /* after the first _ : SRP's pool name */
    char endpoint[POOL_URL_MAX]; /* https://host[:port], no slash */
    char host[POOL_URL_MAX];     /* the endpoint's host, no brackets */
    unsigned int port;           /* the endpoint's port, 443 if unnamed */
    char issuer[POOL_URL_MAX];   /* of the region that is asked */
    char updated_issuer[POOL_URL_MAX]; /* the other one, or "" */
    char keys_path[POOL_ID_MAX + 32];  /* "/<id>/.well-known/jwks.json" */
    bool amazon_roots; /* partition aws or aws-us-gov, host Amazon's own */
    char warning[160]; /* "" or why the ID looks odd */
};

/*
 * Fills *pool_out (Amazon's endpoint rules for cognito-idp, every partition).
 * Without issuer two are the pool's own: cognito-idp.REGION with the region
 * that is asked, which a replica has of its own, and, for pools whose issuer
 * was updated, issuer-cognito-idp.REGION with the one in the ID.
 * STATUS_CONFIG: error_out (of error_size bytes) names the key at fault and
 * what was expected. An ID that merely looks unlike AWS's own is taken and
 * earns a warning; one that cannot be sent (empty, over 55 characters,
 * characters outside [A-Za-z0-9_-], no _) is refused. A plain http endpoint
 * is refused.
 */
enum status pool_derive(const struct pool_options *options,
                        struct pool *pool_out, char *error_out,
                        size_t error_size);

#endif
