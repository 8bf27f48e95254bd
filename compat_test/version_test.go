package compat_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestDatabaseVersion logs the databases that the tests run on, for env/compat-databases.
func TestDatabaseVersion(t *testing.T) {
	t.Parallel()
	for _, product := range databases() {
		db := newDatabase(t, product).open(t)
		var version string
		if err := db.QueryRowContext(t.Context(), productNamed(product).version).Scan(&version); err != nil {
			t.Fatal(err)
		}
		if major, ok := strings.CutPrefix(os.Getenv(databaseVariable), product+"-"); ok && product != "sqlite" &&
			!strings.HasPrefix(version, major+".") {
			t.Errorf("the version is %s, want %s", version, major)
		}
		driver := reflect.TypeOf(db.Driver())
		if driver.Kind() == reflect.Pointer {
			driver = driver.Elem()
		}
		t.Logf("the database is %s, the driver %s", version, driver.PkgPath())
	}
}
