/*
 * From the request and the settings to an app client that can be used: reads
 * every file while the helper still may.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SETUP_H
#define PAM_COGNITO_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "cognito/api.h"
#include "cognito/pool.h"
#include "common/config.h"
#include "common/file.h"
#include "client/map.h"
#include "common/secret.h"
#include "common/status.h"

struct setup {
    struct config *config;
    struct pool pool;
    struct secret client_secret;
    struct secret ca;        /* PEM; empty: the system's */
    struct secret system_ca; /* those, as far as they are in one file */
    char system_folder[HTTP_PATH_MAX]; /* and where others are, or "" */
    struct file_trust system_trust;    /* for the files of it */
    struct jwt_keys *keys;             /* from jwks_file */
    struct map *map;                   /* from map_file, or NULL */
    struct json *metadata;             /* client_metadata, or NULL */
    char ip_address[64];               /* threat_protection; or "" */
    char host[65];           /* this machine's name up to the first dot */
    unsigned int proxy_port; /* 0: no proxy */
    bool keep_chain;         /* http_chain is wanted; set after setup_read */
    char message[256];       /* what is wrong, for the log */
    char warning[256];       /* what is odd, for the log; or "" */
};

/*
 * Reads arguments, configuration and the files they name. Initialise *setup
 * with {0}. STATUS_CONFIG with setup->message, STATUS_MEMORY.
 */
enum status setup_read(struct setup *setup, size_t count,
                       const char *const *arguments, const char *service,
                       const struct file_trust *trust);

/* The trust anchors that were read: their text, empty for none; and a folder of
 * others, or NULL. Both are setup's. */
const struct secret *setup_anchors(const struct setup *setup,
                                   const char **folder_out);

/* Where the request comes from, as PAM knows it; "" for what is unset. */
struct setup_origin {
    const char *service;
    const char *rhost;
    const char *tty;
};

/*
 * Opens the connection's side and fills *cognito_out, which borrows from
 * setup. After confinement.
 */
enum status setup_open(struct setup *setup, const struct setup_origin *origin,
                       struct cognito *cognito_out);

void setup_free(struct setup *setup);

#endif
