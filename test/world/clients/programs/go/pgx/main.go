// pgx, whose pool asks a function before each connection, or which reads a .pgpass itself; with way `oauth` it presents the token as such.
package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"programs/client"
)

func logIn() (user string, isEncrypted bool, err error) {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(client.ConnectionString())
	if err != nil {
		return user, isEncrypted, err
	}
	switch client.Way() {
	case "oauth":
		config.ConnConfig.OAuthTokenProvider = func(context.Context) (string, error) { return client.ReadToken() }
	case "callback":
		config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			token, err := client.ReadToken()
			c.Password = token
			return err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return user, isEncrypted, err
	}
	defer pool.Close()
	err = pool.QueryRow(ctx, client.Who).Scan(&user, &isEncrypted)
	return user, isEncrypted, err
}

func main() { client.Report(logIn) }
