#!/bin/sh
# Runs a command in a root folder, as user root: in-root.sh ROOT COMMAND [ARGUMENT...]
#
# In mount and process namespaces of its own: its /proc is there only while it runs, and nothing that it starts outlives
# it. Its environment is that of a fresh login, and it sees the network of the host.
set -eu

root=$1
shift
# The host's name servers may have changed since the root was made.
rm -f "$root/etc/resolv.conf"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

# shellcheck disable=SC2016 # for the inner shell
exec unshare --mount --pid --fork --kill-child --ipc --uts -- sh -euc '
root=$1
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t devpts -o newinstance,mode=0620,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive ${SOURCE_DATE_EPOCH:+SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH} \
  chroot "$root" "$@"
' in-root "$root" "$@" </dev/null
