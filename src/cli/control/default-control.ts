// Where the daemon of the package has its control socket.
export const DEFAULT_CONTROL = '/run/pgtoken-daemon/control.sock';
