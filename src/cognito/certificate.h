/*
 * What stands in certificates: names and dates, for people. Whether one is
 * trusted is decided by the TLS library and never here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CERTIFICATE_H
#define PAM_COGNITO_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

struct certificate {
    char subject[128]; /* "CN=...,O=...", printable */
    char issuer[128];
    int64_t from; /* Unix seconds */
    int64_t until;
};

/*
 * Reads the certificates of PEM text in their order, at most max; what is no
 * certificate is passed over. Returns how many there are.
 */
size_t certificate_read(const char *pem, size_t length, size_t max,
                        struct certificate *certificates_out);

#endif
