/*
 * Is it JSON? Strictly, by RFC 8259 and what json.h says beyond it; builds
 * nothing and knows no json-c, whose own idea of JSON is wider and differs
 * from version to version.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_JSON_SCAN_H
#define PAM_COGNITO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct json_seen {
    size_t members; /* of all objects, a key that stands twice counted twice */
    bool too_deep;
};

/*
 * Is text, which must be valid UTF-8, one value and nothing else? Members with
 * the same key are not noticed: compare *seen_out with what was built.
 */
bool json_scan(const char *text, size_t length, struct json_seen *seen_out);

#endif
