package compat_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// TestDatabaseCaches runs the suite of caches on the servers. Package tables runs it on
// SQLite.
func TestDatabaseCaches(t *testing.T) {
	t.Parallel()
	for _, product := range serverProducts() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
				t.Helper()
				base := newDatabase(t, product)
				db := base.open(t)
				s.SessionCache.Backend, s.SessionCache.Location = tables.CacheBackend, []string{"my_cache"}
				c, err := tables.NewCache(db, s, tables.CacheOptions{Dialect: base.dialect, LockWait: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				if err := c.CreateTable(t.Context()); err != nil {
					t.Fatal(err)
				}
				if product == "mariadb" {
					// By default, keys that differ only in case cannot both exist.
					// Sessions do not have such keys.
					const exact = "ALTER TABLE my_cache CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
					if _, err := db.ExecContext(t.Context(), exact); err != nil {
						t.Fatal(err)
					}
				}
				return cachetest.Backend{Cache: c, Second: time.Second, SetRaw: func(t *testing.T, key string, data []byte) {
					t.Helper()
					if err := c.Delete(t.Context(), key); err != nil {
						t.Fatal(err)
					}
					statement := "INSERT INTO my_cache VALUES ('" + key + "', '" + base64.StdEncoding.EncodeToString(data) + "', '2050-01-01 00:00:00')"
					if _, err := db.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}}
			})
		})
	}
}
