#!/bin/sh
# Prints the mirror of Debian's archive that this machine's apt is set up with: find-mirror.sh
#
# The first one for `main`; not the archive of security updates, which has no whole release, and nobody else's. Fails
# when apt knows none, as on Ubuntu: then DEBIAN_MIRROR has to say it.
set -eu

list_mirrors() {
  # shellcheck disable=SC2016 # the words are apt's
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's#^Debian Debian main \(https\{0,1\}://.*[^/]\)/*$#\1#p'
}

mirror=
if command -v apt-get >/dev/null; then
  mirror=$(list_mirrors)
  # Whose archive it is, apt knows once it has its lists.
  [ -n "$mirror" ] || { apt-get -qq update >&2 && mirror=$(list_mirrors); }
fi
[ -n "$mirror" ] || {
  echo "make-root: apt of this machine has no mirror of Debian's archive" >&2
  echo 'HINT: Set DEBIAN_MIRROR to the URL of one, up to the folder above dists.' >&2
  exit 1
}
printf '%s\n' "$mirror" | sed q
