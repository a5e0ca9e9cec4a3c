// pgx WAY HOST PORT DATABASE USER SECONDS: see ../../../README.md.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type result struct {
	Queries      int     `json:"queries"`
	Failures     int     `json:"failures"`
	Sessions     int     `json:"sessions"`
	LastAnswer   float64 `json:"lastAnswer"`
	FirstFailure string  `json:"firstFailure"`
}

func readToken() (string, error) {
	token, err := os.ReadFile(os.Getenv("TOKEN_FILE"))
	return strings.TrimSpace(string(token)), err
}

func run() error {
	way, host, port, database, user := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	seconds, err := strconv.Atoi(os.Args[6])
	if err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(fmt.Sprintf(
		"host=%s port=%s dbname=%s user=%s sslmode=disable connect_timeout=10", host, port, database, user))
	if err != nil {
		return err
	}
	config.MaxConns = 4
	config.MaxConnLifetime = 2 * time.Second
	config.HealthCheckPeriod = time.Second
	switch way {
	case "once":
		config.ConnConfig.Password, err = readToken()
	case "callback":
		config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			token, err := readToken()
			c.Password = token
			return err
		}
	}
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return err
	}
	defer pool.Close()

	start := time.Now()
	end := start.Add(time.Duration(seconds) * time.Second)
	var (
		lock     sync.Mutex
		workers  sync.WaitGroup
		all      result
		sessions = map[int]bool{}
	)
	ask := func() error {
		limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		var (
			who string
			pid int
		)
		err := pool.QueryRow(limited, "select current_user::text, pg_backend_pid()").Scan(&who, &pid)
		if err == nil && who != user {
			err = fmt.Errorf("answered by %s", who)
		}
		lock.Lock()
		defer lock.Unlock()
		if err != nil {
			all.Failures++
			if all.FirstFailure == "" {
				all.FirstFailure = err.Error()
			}
			return err
		}
		all.Queries++
		all.LastAnswer = float64(time.Since(start).Milliseconds()/100) / 10
		sessions[pid] = true
		return nil
	}
	for range 4 {
		workers.Go(func() {
			for time.Now().Before(end) {
				if ask() != nil {
					time.Sleep(150 * time.Millisecond)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	workers.Wait()
	all.Sessions = len(sessions)
	return json.NewEncoder(os.Stdout).Encode(all)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
