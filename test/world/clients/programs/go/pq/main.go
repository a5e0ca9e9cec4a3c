// lib/pq, which takes the token as its password or reads it in a .pgpass itself.
package main

import (
	"database/sql"

	"github.com/lib/pq"

	"programs/client"
)

func logIn() (user string, isEncrypted bool, err error) {
	config, err := pq.NewConfig(client.ConnectionString())
	if err != nil {
		return user, isEncrypted, err
	}
	if client.Way() == "password" {
		if config.Password, err = client.ReadToken(); err != nil {
			return user, isEncrypted, err
		}
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return user, isEncrypted, err
	}
	database := sql.OpenDB(connector)
	defer database.Close()
	err = database.QueryRow(client.Who).Scan(&user, &isEncrypted)
	return user, isEncrypted, err
}

func main() { client.Report(logIn) }
