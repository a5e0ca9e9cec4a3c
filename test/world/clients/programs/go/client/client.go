// Package client is what the programs of drivers for Go are told, and what they print: see ../../../README.md.
package client

import (
	"fmt"
	"os"
	"strings"
)

// Who asks whom one is, and whether the connection is encrypted.
const Who = "select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()"

// Way is where the password comes from.
func Way() string { return os.Args[1] }

// ConnectionString is what libpq would take.
func ConnectionString() string {
	return fmt.Sprintf("host=%s port=%s dbname=%s user=%s sslmode=verify-full sslrootcert=%s",
		os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6])
}

// ReadToken reads the token that is there now.
func ReadToken() (string, error) {
	token, err := os.ReadFile(os.Getenv("TOKEN_FILE"))
	return strings.TrimSpace(string(token)), err
}

// Report prints who was let in, or the error as the driver shows it.
func Report(logIn func() (string, bool, error)) {
	user, isEncrypted, err := logIn()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if isEncrypted {
		fmt.Println(user, "TLS")
	} else {
		fmt.Println(user, "plain")
	}
}
