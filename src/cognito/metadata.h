/*
 * Asks the services beside a machine that hand out credentials: the metadata
 * of an instance, the agent of a container. Plain HTTP goes to loopback and to
 * Amazon's link-local addresses only; no proxy, no redirects.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_METADATA_H
#define PAM_COGNITO_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "cognito/http.h"
#include "common/secret.h"
#include "common/status.h"

#define METADATA_CONNECT_MS 1000
#define METADATA_URL_MAX 2048

/*
 * May that URL be asked? https://, whose certificate the system's anchors
 * vouch for; http:// to localhost, 127.0.0.0/8, ::1, 169.254.169.254,
 * 169.254.170.2, 169.254.170.23, fd00:ec2::23 and fd00:ec2::254.
 */
bool metadata_is_allowed(const char *url);

/*
 * GET, or PUT without a body, with that header line (NULL: none), on a
 * connection of its own; over by deadline_ms of CLOCK_MONOTONIC. Statuses as
 * http_get has them; STATUS_CONFIG for a URL that is not allowed.
 * http_answer_free in every case.
 */
enum status metadata_ask(const char *url, bool put,
                         const struct secret *header, int64_t deadline_ms,
                         struct http_answer *answer_out);

#endif
