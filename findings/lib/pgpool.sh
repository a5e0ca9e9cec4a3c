# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=bench.sh disable=SC2154
# Pgpool-II 4.3.5 of Debian 12 in front of the server of postgres_15. Source it after bench.sh.

# start_pgpool LINE...: with these lines of pgpool.conf and the lines of pool_hba.conf on standard input; at $pooler.
start_pgpool() {
  [ -e "$work/root/usr/sbin/pgpool" ] ||
    debian pgpool2=4.3.5-1+deb12u1 libpgpool2=4.3.5-1+deb12u1 libmemcached11=1.1.4-1 libhashkit2=1.1.4-1
  pooler=$(free_port)
  pcp=$(free_port)
  rm -rf "$work/pgpool"
  mkdir "$work/pgpool"
  cat >"$work/pgpool/pool_hba.conf"
  : >"$work/pgpool/pool_passwd"
  : >"$work/pgpool/pcp.conf"
  printf '%s\n' "backend_clustering_mode = 'raw'" "listen_addresses = '127.0.0.1'" "port = $pooler" "pcp_port = $pcp" \
    "socket_dir = '$work/pgpool'" "pcp_socket_dir = '$work/pgpool'" "pid_file_name = '$work/pgpool/pid'" \
    "backend_hostname0 = '127.0.0.1'" "backend_port0 = $port" 'num_init_children = 1' 'sr_check_period = 0' "logdir = '$work/pgpool'" "$@" \
    >"$work/pgpool/pgpool.conf"
  if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$work/pgpool"; fi
  start pgpool env LD_PRELOAD="$work/witness.so" WITNESS="$work" "$work/root/usr/sbin/pgpool" -n \
    -f "$work/pgpool/pgpool.conf" -a "$work/pgpool/pool_hba.conf" -F "$work/pgpool/pcp.conf"
  within 30 grep -q 'successfully started' "$work/pgpool.log"
}
