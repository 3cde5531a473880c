#!/bin/sh
# After the installation of the deb or rpm. ${sanitizedProductName} and ${executable} are put in when the package is made.
set -e
home='/opt/${sanitizedProductName}'

# The command line, which also opens the app. A command of that name that is somebody else's stays.
link='/usr/bin/${executable}'
case "$(readlink "$link" || true)" in
  "$home"/*) rm -f "$link" ;;
esac
if [ -e "$link" ] || [ -L "$link" ]; then
  echo "potluck: $link is there already and stays as it is; the command line is $home/resources/bin/${executable}" >&2
else
  ln -s "$home/resources/bin/${executable}" "$link"
fi

# Chromium's sandbox needs user namespaces, or else a helper with the rights of root. Root is given namespaces where Debian keeps them from
# everybody else.
everybodys=$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null || true)
if [ -L /proc/self/ns/user ] && [ "$everybodys" != 0 ] && unshare --user true 2>/dev/null; then
  chmod 0755 "$home/chrome-sandbox" || true
else
  chmod 4755 "$home/chrome-sandbox" || true
fi

# Join links and the menu.
if command -v update-desktop-database >/dev/null 2>&1; then update-desktop-database /usr/share/applications || true; fi

# Ubuntu 24.04 and later take user namespaces away from programs without a profile. An older AppArmor cannot read it, and needs none.
if command -v apparmor_parser >/dev/null 2>&1 && apparmor_status --enabled >/dev/null 2>&1; then
  profile="$home/resources/apparmor-profile"
  if [ -f "$profile" ] && apparmor_parser --skip-kernel-load --debug "$profile" >/dev/null 2>&1; then
    cp -f "$profile" '/etc/apparmor.d/${executable}'
    # In a chroot an image is being made: there is no kernel to tell.
    if ! { command -v ischroot >/dev/null 2>&1 && ischroot; }; then
      apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
    fi
  fi
fi
