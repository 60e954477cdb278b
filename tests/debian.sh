#!/bin/sh
# What the tests need from Debian. As root it is installed; otherwise what is missing is named and its tests skip.
missing=""
for pair in node:nodejs npm:npm curl:curl chromium:chromium strace:strace promtool:prometheus \
    amtool:prometheus-alertmanager; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    # Debian would start a Prometheus and an Alertmanager on every address, now and at each boot: the tests start their own, on loopback.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT; }
    if apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        case "$missing" in *prometheus*) systemctl disable --quiet prometheus prometheus-alertmanager 2>/dev/null ;; esac
        exit 0
    fi
fi
echo "not installed, and not root:$missing; their tests will be skipped"
