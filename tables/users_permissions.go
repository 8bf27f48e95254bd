package tables

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Groups implements [auth.Users].
func (u *Users) Groups(ctx context.Context, user *auth.User) ([]string, error) {
	if u.names.groups == "" {
		return nil, nil
	}
	key, err := u.parseID(user.ID)
	if err != nil {
		return nil, err
	}
	a := args{dialect: u.dialect}
	query := u.groupsQuery(&a, key)
	return queryAll(ctx, &u.conn, "read groups", query, a.values, func(rows *sql.Rows) (name string, err error) {
		err = rows.Scan(&name)
		return name, err
	})
}

func (u *Users) groupsQuery(a *args, key any) string {
	n := u.names
	return fmt.Sprintf("SELECT g.%s FROM %s g INNER JOIN %s m ON m.%s = g.%s WHERE %s ORDER BY g.%s",
		n.name, n.group, n.groups, n.groupID, n.primary, u.idIs(a, "m."+n.userInGroups, key), n.name)
}

// Permissions implements [auth.Users]. It matches get_all_permissions of ModelBackend for
// an active user.
func (u *Users) Permissions(ctx context.Context, user *auth.User) ([]string, error) {
	if u.names.groups == "" {
		return nil, nil
	}
	key, err := u.parseID(user.ID)
	if err != nil {
		return nil, err
	}
	a := args{dialect: u.dialect}
	query := u.allPermissionsQuery()
	if !user.IsSuperuser {
		query = u.permissionsQuery(&a, key)
	}
	return queryAll(ctx, &u.conn, "read permissions", query, a.values, func(rows *sql.Rows) (string, error) {
		var app, codename string
		err := rows.Scan(&app, &codename)
		return app + "." + codename, err
	})
}

// permissionsQuery selects the permissions of a user and of the user's groups.
func (u *Users) permissionsQuery(a *args, key any) string {
	n := u.names
	return u.allPermissionsQuery() + fmt.Sprintf(" WHERE p.%[1]s IN (SELECT d.%[2]s FROM %[3]s d WHERE %[4]s)"+
		" OR p.%[1]s IN (SELECT gp.%[2]s FROM %[5]s gp INNER JOIN %[6]s m ON m.%[7]s = gp.%[7]s WHERE %[8]s)",
		n.primary, n.permissionID, n.permissions, u.idIs(a, "d."+n.userInPermissions, key),
		n.groupPermissions, n.groups, n.groupID, u.idIs(a, "m."+n.userInGroups, key))
}

// allPermissionsQuery selects all permissions that exist.
func (u *Users) allPermissionsQuery() string {
	n := u.names
	return fmt.Sprintf("SELECT c.%s, p.%s FROM %s p INNER JOIN %s c ON c.%s = p.%s",
		n.app, n.codename, n.permission, n.contentType, n.primary, n.contentTypeID)
}
