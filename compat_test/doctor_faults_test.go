package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// brokenSite is a deployment with one fault, and the finding about it.
type brokenSite struct {
	name string
	// product is the database: "sqlite" by default. Each case has a copy of a healthy one,
	// with sessions and users that Django made.
	product string
	// settings are added to those of the healthy site before they are exported. Without
	// them the site is not exported again.
	settings func(t *testing.T) string
	files    map[string]string // of the project
	// breaks damages the deployment, and returns the arguments of the command if they are
	// not the database.
	breaks func(t *testing.T, b *brokenDeployment) []string

	check, level string
	says         string   // part of the problem or the remedy
	also         []string // other checks that report a fault
}

// brokenDeployment is a deployment under test.
type brokenDeployment struct {
	front

	dir  string // of the settings file
	base *database
}

// nobody is an address at which no server listens. A free port could be given to one in
// the meantime.
const nobody = "127.0.0.1:1"

// text is a brokenSite.settings.
func text(settings string) func(*testing.T) string {
	return func(*testing.T) string { return settings }
}

// healthyBases makes a healthy site on each database, once.
type healthyBases struct {
	mu   sync.Mutex
	made map[string]*front
}

func (h *healthyBases) on(t *testing.T, product string) *front {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made[product] == nil {
		h.made[product] = doctorSite(t, product, "")
		if product == "postgresql" { // so that a copy of it can be made
			h.made[product].base.run(t, "ALTER DATABASE "+h.made[product].base.name+" SET synchronous_commit = on")
		}
	}
	return h.made[product]
}

// copyDatabase copies a database.
func copyDatabase(t *testing.T, from *database) *database {
	t.Helper()
	if from.product == "sqlite" {
		to := newDatabase(t, "sqlite")
		data, err := os.ReadFile(from.name)
		if err == nil {
			err = os.WriteFile(to.name, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	to := *from
	to.name = fmt.Sprintf("django%d", lastDatabase.Add(1))
	if from.product == "postgresql" {
		admin := *from
		admin.name = "postgres"
		admin.run(t, "CREATE DATABASE "+to.name+" TEMPLATE "+from.name, "ALTER DATABASE "+to.name+" SET synchronous_commit = on")
		return &to
	}
	db := from.open(t)
	rows, err := db.QueryContext(t.Context(), "SHOW TABLES")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // reported by Err
	statements := []string{"CREATE DATABASE " + to.name}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		statements = append(statements, fmt.Sprintf("CREATE TABLE %s.%[2]s LIKE %[3]s.%[2]s", to.name, name, from.name),
			fmt.Sprintf("INSERT INTO %s.%[2]s SELECT * FROM %[3]s.%[2]s", to.name, name, from.name)) //nolint:unqueryvet // a copy of the table
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	from.run(t, statements...)
	return &to
}

// edit changes the settings file.
func (b *brokenDeployment) edit(t *testing.T, changes map[string]any) {
	t.Helper()
	name := filepath.Join(b.dir, "site.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data[bytes.IndexByte(data, '{'):], &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, changes)
	if data, err = json.Marshal(all); err == nil {
		err = os.WriteFile(name, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// doctorExport exports the settings of a module of the project.
func (b *brokenDeployment) doctorExport(t *testing.T, module string) {
	t.Helper()
	printed := b.shop.run("cat script.py | DJANGO_SETTINGS_MODULE=shop." + module + " python manage.py shell")
	if err := os.WriteFile(filepath.Join(b.dir, "site.json"), printed, 0o600); err != nil {
		t.Fatal(err)
	}
}

// withAccount makes an account with these rights, and returns the URL for it.
func (b *brokenDeployment) withAccount(t *testing.T, name string, grants ...string) string {
	t.Helper()
	name += b.base.name
	if b.base.product == "postgresql" {
		statements := append(make([]string, 0, 1+len(grants)), "CREATE ROLE "+name+" LOGIN")
		for _, g := range grants {
			statements = append(statements, strings.ReplaceAll(g, "ACCOUNT", name))
		}
		b.base.run(t, statements...)
		return strings.Replace(b.base.url(), "django@", name+"@", 1)
	}
	statements := []string{"CREATE USER '" + name + "'@'127.0.0.1' IDENTIFIED BY 'doctor-password'"}
	for _, g := range grants {
		statements = append(statements, strings.ReplaceAll(g, "ACCOUNT", "'"+name+"'@'127.0.0.1'"))
	}
	b.base.run(t, statements...)
	return strings.Replace(b.base.url(), "root@", name+":doctor-password@", 1)
}

// TestDoctorFindsEachFault breaks one thing at a time, on real servers, and expects the
// doctor to name it.
func TestDoctorFindsEachFault(t *testing.T) {
	t.Parallel()
	healthy := &healthyBases{made: map[string]*front{}}
	for _, product := range databases() {
		healthy.on(t, product)
	}
	all := slices.Concat(brokenDatabases(), brokenStores(), brokenSettings(), brokenPages())
	if len(all) < 25 {
		t.Fatalf("%d deployments", len(all))
	}
	for i, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.product == "" {
				c.product = "sqlite"
			}
			from := healthy.on(t, c.product)
			b := &brokenDeployment{front: *from, dir: t.TempDir(), base: copyDatabase(t, from.base)}
			b.shop.t = t
			if c.settings == nil {
				data, err := os.ReadFile(from.file())
				if err == nil {
					err = os.WriteFile(filepath.Join(b.dir, "site.json"), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			} else {
				for name, content := range c.files {
					if err := os.MkdirAll(filepath.Join(b.shop.dir, filepath.Dir(name)), 0o700); err != nil {
						t.Fatal(err)
					}
					b.shop.write(name, content)
				}
				module := fmt.Sprintf("case%d", i)
				b.shop.write("shop/"+module+".py", "from shop.front import *\n"+c.settings(t))
				b.doctorExport(t, module)
			}
			var args []string
			if c.breaks != nil {
				args = c.breaks(t, b)
			}
			if args == nil {
				args = []string{b.base.url()}
			}
			b.wantDiagnosis(t, &c, args)
		})
	}
}

// wantDiagnosis expects the finding of a case, and no fault of another name than those
// that come with it.
func (b *brokenDeployment) wantDiagnosis(t *testing.T, c *brokenSite, args []string) {
	t.Helper()
	site := b.front
	site.shop.dir = b.dir
	found := false
	all := diagnose(t, &site, args...)
	for _, d := range all {
		switch {
		case d.Check == c.check && d.Level == c.level && strings.Contains(d.Problem+d.Remedy, c.says):
			found = true
			t.Log(d)
		case d.Level == "fault" && d.Check != c.check && !slices.Contains(c.also, d.Check) && !d.late():
			t.Errorf("also %s", d)
		}
	}
	if !found {
		t.Errorf("no %s %s with %q", c.level, c.check, c.says)
		for _, d := range all {
			if d.Level != "ok" {
				t.Log(d)
			}
		}
	}
}

// change changes the mode of a file until the test ends.
func change(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = os.Chmod(name, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(name, info.Mode()) })
}
