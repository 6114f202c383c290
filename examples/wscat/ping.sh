#!/bin/sh
# A ping as in the guide, with wscat. It prints nothing without a terminal, so that `script` gives it one; at a terminal
# of your own, leave that out, leave out -x and -w, and type the frames.
set -eu

url="${AIDEALS_EXAMPLE_URL:-http://127.0.0.1:${PORT:-3001}}"
root="$(dirname "$0")/../.."
token="$("$root/packages/cli/bin/aideals.js" token --sub alice)"
ping='{"action":"ping","data":{},"requestId":"test-123"}'

script --quiet --return --command \
  "'$root/node_modules/.bin/wscat' --connect 'ws${url#http}/?token=$token' --execute '$ping' --wait 1" /dev/null </dev/null
