package tables_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// driverLog sends to slog what the MySQL driver would print on stderr.
type driverLog struct{ *slog.Logger }

// Print implements mysql.Logger.
func (l driverLog) Print(v ...any) {
	l.Warn("mysql driver", "text", strings.TrimSpace(fmt.Sprintln(v...)))
}

// The MySQL driver prints lines of its own on stderr, such as one for each idle
// connection that the server has closed. Config.Logger takes them for one database;
// mysql.SetLogger takes them for the whole program.
func ExampleMySQL_logger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // the output of this example is compared
			}
			return a
		},
	}))
	config, err := mysql.ParseDSN("shop:password@tcp(127.0.0.1:3306)/shop?interpolateParams=true")
	if err != nil {
		fmt.Println(err)
		return
	}
	config.Logger = driverLog{logger}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	db := sql.OpenDB(connector) // connects when it is used
	defer db.Close()            //nolint:errcheck // nothing was opened
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	if _, err := tables.New(db, settings, tables.Options{Dialect: tables.MySQL{}}); err != nil {
		fmt.Println(err)
	}
	config.Logger.Print("closing bad idle connection: ", "unexpected EOF") // as the driver does
	// Output: level=WARN msg="mysql driver" text="closing bad idle connection:  unexpected EOF"
}
