#!/bin/sh
# Publishes a deal, notifies a user, and looks who is connected, each by one HTTP call.
set -eu

url="${AIDEALS_EXAMPLE_URL:-http://127.0.0.1:${PORT:-3001}}"
aideals="$(dirname "$0")/../../packages/cli/bin/aideals.js"
publish_token="$("$aideals" token --sub crawler --scope publish)"
admin_token="$("$aideals" token --sub operator --scope admin)"

call() {
  curl --silent --show-error --fail-with-body --max-time 10 "$@"
  echo
}

echo '# Publish a deal to the subscribers of new-deals. The key makes a second try publish nothing twice.'
call "$url/v1/broadcast" \
  -H "Authorization: Bearer $publish_token" \
  -H 'Content-Type: application/json' \
  -H "Idempotency-Key: deal-7-$$" \
  -d '{"topic":"new-deals","data":{"dealId":"deal-7","title":"Wireless headphones","category":"electronics","price":129,"discountPercentage":35}}'

echo '# Notify a user, now or at the next connect.'
call "$url/v1/notifications" \
  -H "Authorization: Bearer $publish_token" \
  -H 'Content-Type: application/json' \
  -d '{"userId":"alice","title":"Price drop","message":"The headphones you watch are 35% off."}'

echo '# The open connections of a user.'
call "$url/v1/connections?userId=alice" -H "Authorization: Bearer $admin_token"
