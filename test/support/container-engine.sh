#!/bin/sh
# Runs podman as a Docker-compatible engine, as user root: container-engine.sh FOLDER
#
# In namespaces of its own for mounts, processes and network, so that what it makes (bridges, rules of the firewall, mounts,
# monitors) is not seen on the host and ends with it. One pair of interfaces leads into its network. Prints the address
# at which published ports are reached, and ends with everything in it, leaving nothing outside FOLDER, as soon as its
# standard input is closed, whatever happens to whoever opened it. Its socket is FOLDER/engine.sock.
set -eu

folder=$1

# inside: the first process of the namespaces
if [ "${2-}" = inside ]; then
  mount -t proc -o nosuid,nodev,noexec proc /proc
  # Where podman keeps things that FOLDER does not name; what is there is of no use to it.
  mount -t tmpfs -o mode=0755 tmpfs /run
  mount -t tmpfs -o mode=0755 tmpfs /var/lib
  # The host may have mounted cgroups in the old way, which crun does not take without a manager.
  umount --recursive --lazy /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  ip link set lo up
  mkdir "$folder/networks"
  cat >"$folder/containers.conf" <<CONF
[containers]
default_ulimits = []
cgroups = "disabled"
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "cni"
network_config_dir = "$folder/networks"
CONF
  exec env CONTAINERS_CONF="$folder/containers.conf" TMPDIR="$folder" \
    podman --root "$folder/storage" --runroot "$folder/run" --tmpdir "$folder/tmp" \
    system service --time 0 "unix://$folder/engine.sock"
fi

unshare --mount --net --pid --ipc --fork --kill-child -- "$0" "$folder" inside </dev/null >"$folder/engine.log" 2>&1 &
outside=$!
init=
end() {
  # The first process of the namespaces, with which all others end; whoever waits for it, ends by itself.
  kill -KILL ${init:-"$outside"} 2>/dev/null || :
  wait "$outside" 2>/dev/null || :
}
trap end EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "container-engine: $1" >&2
  cat "$folder/engine.log" >&2
  exit 1
}
# wait_for WHAT COMMAND...: until the command succeeds, while the engine runs
wait_for() {
  what=$1 tries=0
  shift
  until "$@" 2>/dev/null; do
    if ! kill -0 "$outside" 2>/dev/null || [ "$tries" -ge 600 ]; then fail "$what: not seen"; fi
    tries=$((tries + 1))
    sleep 0.05
  done
}
has_init() {
  init=$(cat "/proc/$outside/task/$outside/children")
  init=${init%% *}
  [ -n "$init" ]
}
has_network() { [ "$(readlink "/proc/$init/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

wait_for 'the first process of the engine' has_init
wait_for 'the network of the engine' has_network

# Four addresses of the range that is set aside for tests of networks (RFC 2544), chosen by the process ID.
number=$(($$ % 32768 * 4))
network=198.$((18 + number / 65536)).$((number / 256 % 256))
near=$network.$((number % 256 + 1)) far=$network.$((number % 256 + 2))
ip link add "pgt$$" type veth peer name eth0 netns "$init"
ip address add "$near/30" dev "pgt$$"
ip link set "pgt$$" up
nsenter --target "$init" --net -- sh -euc '
ip address add "$1/30" dev eth0
ip link set eth0 up
ip route add default via "$2"' sh "$far" "$near"

wait_for 'the socket of the engine' test -S "$folder/engine.sock"
echo "$far"
read -r _ || :
