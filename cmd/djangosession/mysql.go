package main

import (
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/djangobridge/djangobridge/tables"
)

// openMySQLURL opens mysql://user:password@host:port/database. Parameters after a
// question mark are those of the driver.
func openMySQLURL(text string, _ bool) (connection, error) {
	wrong := usagef("not a URL of a MySQL or MariaDB database: write mysql://user:password@host:port/database")
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.Trim(u.Path, "/") == "" {
		return connection{}, wrong
	}
	config := mysql.NewConfig()
	config.DBName = strings.TrimPrefix(u.Path, "/")
	config.Net, config.Addr = "tcp", net.JoinHostPort(or(u.Hostname(), "127.0.0.1"), or(u.Port(), "3306"))
	query := u.Query()
	if socket := query.Get("unix_socket"); socket != "" {
		config.Net, config.Addr = "unix", socket
		query.Del("unix_socket")
	}
	dsn := config.FormatDSN()
	if len(query) > 0 {
		separator := "?"
		if strings.Contains(dsn[strings.LastIndexByte(dsn, '/'):], "?") {
			separator = "&"
		}
		dsn += separator + query.Encode()
	}
	if config, err = mysql.ParseDSN(dsn); err != nil { // its text may contain the password
		return connection{}, wrong
	}
	config.User = u.User.Username() // not in the text above, because a colon in it would break that
	var given bool
	if config.Passwd, given = u.User.Password(); !given {
		config.Passwd = os.Getenv("MYSQL_PWD")
	}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["autocommit"] = "1"  // as in Django, whatever the server's default
	config.Logger = &mysql.NopLogger{} // its messages are also returned as errors
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return connection{}, fmt.Errorf("open database: %w", err)
	}
	return connection{sql.OpenDB(connector), tables.MySQL{}, vendorMySQL}, nil
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
