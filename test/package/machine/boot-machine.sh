#!/bin/sh
# Boots the systemd of a root folder, as user root: boot-machine.sh ROOT
#
# In namespaces of its own for mounts, processes, network and cgroups: what it starts sees the loopback interface alone,
# and cannot change kernel parameters or load modules. Prints the process ID of its init, and ends with everything in it,
# leaving nothing, as soon as its standard input is closed, whatever happens to whoever opened it.
set -eu

root=$1
name=pgtoken-machine-$$

if [ "${2-}" != inside ]; then
  exec unshare --mount -- "$0" "$root" inside
fi

# The host may have mounted cgroups in the old way; the hierarchy of the new one is always there.
mount --bind "$root" "$root"
cgroups=$root/mnt
mount -t cgroup2 cgroup2 "$cgroups"
mkdir "$cgroups/$name"

sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$cgroups/$name/cgroup.procs" \
  unshare --mount --pid --fork --kill-child --net --ipc --uts --cgroup -- sh -euc '
root=$1
umount "$root/mnt"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
hostname db.example.com
cd "$root"
pivot_root . mnt
umount --lazy mnt
exec env -i container=pgtoken PATH=/usr/sbin:/usr/bin \
  setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-sys_boot,-syslog,-wake_alarm,-mac_admin,-mac_override \
  /lib/systemd/systemd --log-target=null --show-status=no
' sh "$root" </dev/null >/dev/null 2>&1 &
outside=$!

end() {
  kill -KILL "$outside" 2>/dev/null || :
  wait "$outside" 2>/dev/null || :
  # Its processes are gone, and the kernel needs a moment to know it.
  tries=0
  while [ -e "$cgroups/$name" ] && [ $tries -lt 100 ]; do
    find "$cgroups/$name" -depth -type d -exec rmdir {} + 2>/dev/null || :
    tries=$((tries + 1))
    [ ! -e "$cgroups/$name" ] || sleep 0.1
  done
}
trap end EXIT
trap 'exit 1' HUP INT TERM

# Before it has become systemd, it still has the root of the host: nobody may follow it there.
init=
while kill -0 "$outside" 2>/dev/null; do
  read -r init _ <"/proc/$outside/task/$outside/children" || :
  [ -z "$init" ] || [ "$(cat "/proc/$init/comm" 2>/dev/null)" != systemd ] || break
  init=
  sleep 0.05
done
echo "${init:?"systemd did not start"}"
read -r _ || :
