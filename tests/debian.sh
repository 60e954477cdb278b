#!/bin/sh
# What the tests need from Debian. As root it is installed; otherwise what is missing is named and its tests skip.
missing=""
for pair in node:nodejs npm:npm curl:curl chromium:chromium strace:strace; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "not installed, and not root:$missing; their tests will be skipped"
