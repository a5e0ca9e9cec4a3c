// What systemd does for pgtoken.socket, as a wrapper of the daemon: holds the listening socket, hands it over, and starts
// another daemon when one is killed, or whenever one ends. Connections wait in the socket meanwhile. Ends with SIGTERM, with the
// daemon's own status.
//
// In Perl, which every Debian has, as Node cannot listen without accepting.

const ACTIVATOR = `
use strict; use Socket; use POSIX ();
$^F = 9; # keep the socket open across exec
my $path = shift; my $always = shift; my $child = 0; my $ended = 0;
socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
umask 0111;
bind($listener, sockaddr_un($path)) or die "bind: $!";
umask 0022;
listen($listener, 1024) or die "listen: $!";
POSIX::dup2(fileno($listener), 3) or die "dup2: $!";
$SIG{$_} = sub { $ended = 1 if $_[0] eq 'TERM'; kill $_[0], $child if $child } for qw(TERM HUP);
$| = 1;
do {
  $child = fork;
  if ($child == 0) {
    $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_PID} = $$;
    exec @ARGV or die "exec: $!";
  }
  print qq({"msg":"activated","pid":$child}\\n);
  1 until waitpid($child, 0) == $child;
} while ($? & 127 || $always && !$ended);
exit($? >> 8);
`;

/**
 * The wrapper of a daemon at this path, for `startDaemonProcess`; logs `activated` with the daemon's `pid` at each start.
 *
 * @param always whether another daemon follows one that has ended by itself, as with `systemctl restart`.
 */
export function socketActivator(path: string, always = false): readonly string[] {
  return ['perl', '-e', ACTIVATOR, path, always ? '1' : '0', 'setpriv', '--pdeathsig=KILL', '--'];
}
