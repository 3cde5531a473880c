#!/bin/sh
# After the removal of the deb or rpm. An upgrade runs this too, before (rpm: after) the new one's installation script.
set -e
case "${1-}" in
  upgrade | failed-upgrade | abort-upgrade | 1) exit 0 ;;
esac
link='/usr/bin/${executable}'
if [ -L "$link" ] && [ "$(readlink "$link")" = '/opt/${sanitizedProductName}/resources/bin/${executable}' ]; then rm -f "$link"; fi
if command -v update-desktop-database >/dev/null 2>&1; then update-desktop-database /usr/share/applications || true; fi

profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
  if command -v apparmor_parser >/dev/null 2>&1 && ! { command -v ischroot >/dev/null 2>&1 && ischroot; }; then
    apparmor_parser --remove "$profile" >/dev/null 2>&1 || true
  fi
  rm -f "$profile"
fi
