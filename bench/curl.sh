#!/bin/sh
# For pam_exec expose_authtok: a login with curl and openssl in shell, as
# administrators write it; the token is not checked. The password comes on
# standard input.
# SPDX-License-Identifier: MIT
# shellcheck source=/dev/null
. "$1"
password=$(tr -d '\0')
hash=$(printf '%s' "$PAM_USER$BENCH_CLIENT" |
    openssl dgst -sha256 -hmac "$BENCH_SECRET" -binary | base64)
printf '{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"%s","AuthParameters":{"USERNAME":"%s","PASSWORD":"%s","SECRET_HASH":"%s"}}' \
    "$BENCH_CLIENT" "$PAM_USER" "$password" "$hash" |
    /usr/bin/curl -sf --cacert "$BENCH_CA" --data-binary @- \
        -H 'Content-Type: application/x-amz-json-1.1' \
        -H 'X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth' \
        "https://$BENCH_HOST:$2/" |
    grep -q '"IdToken"'
