#!/bin/sh
# Prepares a machine for the people of a user pool. Run again, it brings what was
# changed here, and otherwise does nothing. As root, with the app client's secret
# as standard input:
#   setup.sh <secret
# SPDX-License-Identifier: MIT
set -eu

user_pool_id=eu-west-1_AbCdEfGhI
client_id=1example23456789abcdefghij
members="alice"
# Further lines of pam_cognito.conf(5).
set -- --set except_users=localadmin

# Nothing but the last command may read the secret.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq </dev/null
apt-get install -y -qq libpam-cognito pam-cognito </dev/null

groupadd --force cognito
for name in $members; do
    # The age of a password is the pool's business, whatever login.defs says.
    getent passwd "$name" >/dev/null ||
        useradd --create-home --shell /bin/bash --key PASS_MAX_DAYS=-1 "$name"
    usermod --append --groups cognito "$name"
done

# Ends with "check": its exit status is this script's.
exec pam-cognito setup --yes --secret-stdin --user-pool-id "$user_pool_id" \
    --client-id "$client_id" "$@"
