//go:build cgo

// The example uses github.com/mattn/go-sqlite3, which needs cgo.

package tables_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// A site has the user model accounts.Member: its primary key is a UUID, users log in with
// their email address, and it derives from AbstractBaseUser without PermissionsMixin.
// Settings from djangosession.SettingsScript describe the model, and no option is needed;
// here the options describe it.
func ExampleNewUsers_customModel() {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:members?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the database lives as long as its connection
	_, err = db.ExecContext(ctx, `CREATE TABLE accounts_member (id char(32) NOT NULL PRIMARY KEY, email varchar(254) NOT NULL,
		password varchar(128) NOT NULL, last_login datetime NULL, is_active bool NOT NULL);
		INSERT INTO accounts_member VALUES ('5f0c7b1e8d3a4c2f9b6e0a1d2c3b4a59', 'ada@example.com', '!', NULL, 1)`)
	if err != nil {
		log.Fatal(err)
	}

	settings := djangosession.NewSettings("the site's SECRET_KEY")
	users, err := tables.NewUsers(db, settings, tables.UserOptions{
		Dialect:        tables.SQLite{},
		Model:          "accounts.Member", // AUTH_USER_MODEL
		IDType:         tables.UUIDKey,
		UsernameColumn: "email",
		Without:        tables.IsStaffField | tables.IsSuperuserField | tables.PermissionFields,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := users.Check(ctx); err != nil { // names a table or column that is missing
		log.Fatal(err)
	}
	ada, err := users.GetByUsername(ctx, "ada@example.com")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ada.ID, ada.IsActive, ada.IsStaff)
	// Output: 5f0c7b1e-8d3a-4c2f-9b6e-0a1d2c3b4a59 true false
}
