# DBD::Pg, which takes the token as its password or leaves it to libpq, which reads it in a .pgpass: see ../../README.md.
use strict;
use warnings;
use DBI;

my ($way, $host, $port, $database, $user, $authority) = @ARGV;

sub read_token {
    open my $file, '<', $ENV{TOKEN_FILE} or die "no token: $!";
    my $token = do { local $/; <$file> };
    return $token =~ s/\s+\z//r;
}

my $connection = DBI->connect(
    "dbi:Pg:host=$host;port=$port;dbname=$database;sslmode=verify-full;sslrootcert=$authority",
    $user,
    $way eq 'password' ? read_token() : undef,
    { PrintError => 0 },
);
if (!$connection) {
    print STDERR "$DBI::errstr\n";
    exit 1;
}
my ($who, $is_encrypted) =
    $connection->selectrow_array('select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()');
print "$who ", $is_encrypted ? 'TLS' : 'plain', "\n";
$connection->disconnect;
