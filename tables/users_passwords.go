package tables

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Passwords returns the encoded passwords of the users with these ids, by id. It skips
// ids without a user, and ids that no user can have. It is for programs that look at many
// sessions, because the hash of a login is made from the password. A query names 500
// users at most.
func (u *Users) Passwords(ctx context.Context, ids []string) (map[string]auth.Secret, error) {
	found := make(map[string]auth.Secret, len(ids))
	if u.names.password == "" {
		return found, nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for len(ids) > 0 {
		some := ids[:min(len(ids), maxKeys)]
		ids = ids[len(some):]
		if err := u.passwords(ctx, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (u *Users) passwords(ctx context.Context, ids []string, found map[string]auth.Secret) error {
	a := args{dialect: u.dialect}
	conditions := make([]string, 0, len(ids))
	for _, id := range ids {
		switch key, err := u.parseID(id); {
		case err != nil: // no user has it
		case u.idType == TextKey:
			conditions = append(conditions, u.idIs(&a, u.names.id, key))
		default:
			conditions = append(conditions, u.dialect.idExpr(a.add(key), u.idType))
		}
	}
	if len(conditions) == 0 {
		return nil
	}
	where := strings.Join(conditions, " OR ")
	if u.idType != TextKey {
		where = u.names.id + " IN (" + strings.Join(conditions, ", ") + ")"
	}
	query := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s", idText(u.dialect, u.idType, u.names.id), u.names.password,
		u.names.table, where)
	_, err := queryAll(ctx, &u.conn, "read passwords", query, a.values, func(rows *sql.Rows) (struct{}, error) {
		var id, password sql.NullString
		if err := rows.Scan(&id, &password); err != nil {
			return struct{}{}, err
		}
		var user auth.User
		if err := u.setID(&user, id); err != nil {
			return struct{}{}, err
		}
		found[user.ID] = auth.Secret(password.String)
		return struct{}{}, nil
	})
	return err
}
