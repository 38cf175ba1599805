/*
 * Reading base64url; none is written here. Strict, for a signature is over the
 * spelling.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/base64url.h"

#include <stdbool.h>
#include <stdlib.h>

static int
value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '-')
        return 62;
    return digit == '_' ? 63 : -1;
}

enum status
base64url_decode(const char *text, size_t length, struct secret *bytes_out)
{
    unsigned char *bytes;
    size_t used = 0;
    unsigned int bits = 0;
    unsigned int held = 0;
    enum status status = STATUS_UNREADABLE;

    secret_free(bytes_out);
    if (length == 0 || length % 4 == 1)
        return STATUS_UNREADABLE;
    bytes = malloc(length);
    if (bytes == NULL)
        return STATUS_MEMORY;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);

        if (value < 0)
            goto out;
        bits = (bits << 6 | (unsigned int) value) & 0xffffU;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[used++] = (unsigned char) (bits >> held);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0)
        goto out;
    status = secret_set(bytes_out, bytes, used) ? STATUS_OK : STATUS_MEMORY;

out:
    secret_wipe(bytes, used);
    free(bytes);
    return status;
}
