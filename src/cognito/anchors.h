/*
 * Trust anchors of which only those are read that a server's chain asks for: a
 * distribution has 150 of them, and a login needs one. Who is trusted and
 * whether a chain is good stays OpenSSL's to say.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ANCHORS_H
#define PAM_COGNITO_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/file.h"

struct anchors;

/*
 * Those of PEM text (NULL: none), and of a folder (NULL: none) whose files are
 * named by the hash of their subject, as OpenSSL's rehash does. A file of it
 * is used when trust lets it be. NULL when memory is out; anchors_free after
 * every connection is closed.
 */
struct anchors *anchors_read(const char *pem, size_t length,
                             const char *folder,
                             const struct file_trust *trust);
void anchors_free(struct anchors *anchors);

/*
 * Was the text plain certificates? Anything else (none, trust settings,
 * revocation lists, what cannot be read) is OpenSSL's to read or to refuse,
 * all of it: none of the text is offered by anchors_attach() then.
 */
bool anchors_are_plain(const struct anchors *anchors);

/* Offers them to an SSL_CTX. */
bool anchors_attach(struct anchors *anchors, void *context);

/* Why a file of the folder was passed by, for the log; or "". */
const char *anchors_fault(const struct anchors *anchors);

#endif
