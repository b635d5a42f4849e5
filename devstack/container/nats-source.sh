#!/bin/sh
# A variable in, the file that signs in to NATS out, and then the source: what AWS keeps secret it
# hands to a container as a variable (docs/deployment.md).
set -eu
if [ -n "${NATS_CREDENTIALS_TEXT:-}" ]; then
  export NATS_CREDENTIALS="$DEVSTACK_HOME/user.creds"
  (umask 077 && printf '%s\n' "$NATS_CREDENTIALS_TEXT" > "$NATS_CREDENTIALS")
  unset NATS_CREDENTIALS_TEXT
fi
exec python -m devstack nats-source "$@"
