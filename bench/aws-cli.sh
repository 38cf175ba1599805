#!/bin/sh
# For pam_exec expose_authtok: a login with the AWS CLI, as administrators
# write it. The password comes on standard input.
# SPDX-License-Identifier: MIT
# shellcheck source=/dev/null
. "$1"
password=$(tr -d '\0')
hash=$(printf '%s' "$PAM_USER$BENCH_CLIENT" |
    openssl dgst -sha256 -hmac "$BENCH_SECRET" -binary | base64)
/usr/bin/aws cognito-idp initiate-auth --no-sign-request --no-cli-pager \
    --region "${BENCH_POOL%%_*}" --endpoint-url "https://$BENCH_HOST:$2" \
    --ca-bundle "$BENCH_CA" --auth-flow USER_PASSWORD_AUTH \
    --client-id "$BENCH_CLIENT" --query AuthenticationResult.IdToken \
    --output text --auth-parameters \
    "USERNAME=$PAM_USER,PASSWORD=$password,SECRET_HASH=$hash" |
    grep -q '^eyJ'
