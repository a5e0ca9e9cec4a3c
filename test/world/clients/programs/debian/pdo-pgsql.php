<?php
// pdo_pgsql, which takes the token as its password or leaves it to libpq, which reads it in a .pgpass: see ../../README.md.
[, $way, $host, $port, $database, $user, $authority] = $argv;
try {
    $connection = new PDO(
        "pgsql:host=$host;port=$port;dbname=$database;sslmode=verify-full;sslrootcert=$authority",
        $user,
        $way === 'password' ? trim(file_get_contents(getenv('TOKEN_FILE'))) : null,
    );
    [$who, $isEncrypted] = $connection
        ->query('select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()')
        ->fetch(PDO::FETCH_NUM);
    echo "$who ", $isEncrypted ? 'TLS' : 'plain', "\n";
} catch (PDOException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
