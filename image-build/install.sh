#!/usr/bin/env bash
# Makes a till of a Raspberry Pi: run it as root on Raspberry Pi OS Lite, 64 bit (Debian 13), from a checkout or with
# the wheel of a release. Safe to run again; it updates the program and leaves configuration and journal alone.
#
#   sudo image-build/install.sh [kvitt-*.whl]
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
source=${1:-$here}
home=/opt/kvitt

packages=(
    python3-venv python3-kivy python3-evdev
    cage xwayland seatd libegl1 libgles2 libusb-1.0-0
    fonts-noto-core fonts-noto-cjk fontconfig espeak-ng
)
groups=(video render input dialout lp gpio audio)

say() { printf 'kvitt: %s\n' "$*"; }

[ "$(id -u)" -eq 0 ] || {
    say "run this as root: sudo $0" >&2
    exit 1
}
if ! grep -qs '^VERSION_CODENAME=trixie' /etc/os-release; then
    say "this is not Debian 13 (Raspberry Pi OS based on trixie); Kivy and the compositor are from there" >&2
    exit 1
fi

say "installing Debian packages"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
if apt-cache show python3-lgpio >/dev/null 2>&1; then
    packages+=(python3-lgpio)
else
    say "this is no Raspberry Pi OS (no package python3-lgpio): lights, buttons and drawers on GPIO will not work" >&2
fi
apt-get -qq install -y --no-install-recommends "${packages[@]}" >/dev/null

say "adding the user kvitt"
getent passwd kvitt >/dev/null || useradd --system --home-dir /var/lib/kvitt --shell /usr/sbin/nologin kvitt
for group in "${groups[@]}"; do
    getent group "$group" >/dev/null || groupadd --system "$group"
    usermod --append --groups "$group" kvitt
done

say "installing Kvitt into $home/venv"
install -d "$home" "$home/share/docs"
[ -x "$home/venv/bin/python" ] || python3 -m venv --system-site-packages "$home/venv"
"$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "$source"
cp "$here"/docs/*.md "$home/share/docs/"

say "installing the service"
install -m 644 "$here/systemd/kvitt.service" /etc/systemd/system/kvitt.service
install -m 644 "$here/systemd/70-kvitt.rules" /etc/udev/rules.d/70-kvitt.rules
install -d -o root -g kvitt -m 750 /etc/kvitt
[ -e /etc/kvitt/kvitt.toml ] || install -o root -g kvitt -m 640 "$here/examples/kvitt.toml" /etc/kvitt/kvitt.toml
systemctl --quiet enable kvitt.service seatd.service
systemctl --quiet disable getty@tty1.service

say "done. Now: edit /etc/kvitt/kvitt.toml, run 'sudo -u kvitt $home/venv/bin/kvitt check', then restart the Pi."
