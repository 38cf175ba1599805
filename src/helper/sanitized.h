/*
 * SANITIZED: is this a build with AddressSanitizer? It cannot live with a
 * limit on address space, nor its leak checker without tracing.
 *
 * MEASURED: does this build count what runs, for its coverage? It writes the
 * counts next to its objects when it ends.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SANITIZED_H
#define PAM_COGNITO_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#ifdef COVERAGE_FOLDER
#define MEASURED 1
#else
#define MEASURED 0
#endif

#endif
