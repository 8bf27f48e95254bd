package compat_test

import (
	"strings"
	"testing"
)

// TestDoctorSeesTheRightsOfARole has accounts of MariaDB whose rights come from a role
// and from a role of that role.
func TestDoctorSeesTheRightsOfARole(t *testing.T) {
	t.Parallel()
	f := doctorSite(t, "mariadb", "")
	b := &brokenDeployment{front: *f, dir: f.shop.dir, base: f.base}
	reader, writer := "reader"+f.base.name, "writer"+f.base.name
	all := f.base.name + ".* TO "
	f.base.run(t, "CREATE ROLE "+reader, "CREATE ROLE "+writer, "GRANT SELECT ON "+all+reader,
		"GRANT INSERT, UPDATE, DELETE ON "+all+writer, "GRANT "+reader+" TO "+writer)
	member := b.withAccount(t, "member", "GRANT "+writer+" TO ACCOUNT", "SET DEFAULT ROLE "+writer+" FOR ACCOUNT")
	wantNoFault(t, diagnose(t, f, member))

	idle := b.withAccount(t, "idle", "GRANT SELECT ON "+all+"ACCOUNT", "GRANT "+writer+" TO ACCOUNT") // not active
	var missing []string
	for _, d := range diagnose(t, f, idle) {
		if d.Level == "fault" {
			missing = append(missing, d.Check)
		}
	}
	if got := strings.Join(missing, " "); got != "session-rights user-rights" && got != "user-rights session-rights" {
		t.Errorf("an account without an active role: faults %q", got)
	}
}
