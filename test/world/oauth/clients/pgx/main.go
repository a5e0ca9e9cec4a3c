// Logs in with pgx and a token that is there already: pgx CONNECTION, with the token on standard input. Prints who it is then.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	token, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	config, err := pgx.ParseConfig(os.Args[1])
	if err != nil {
		return err
	}
	config.OAuthTokenProvider = func(context.Context) (string, error) { return string(token), nil }
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	var who string
	if err := connection.QueryRow(ctx, "select current_user || ' ' || system_user").Scan(&who); err != nil {
		return err
	}
	fmt.Println(who)
	return nil
}
