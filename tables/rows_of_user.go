package tables

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// quotedUserColumn returns Options.UserColumn as statements need it.
func quotedUserColumn(d Dialect, o *Options) (string, error) {
	if o.UserColumn == "" {
		return "", nil
	}
	i := slices.IndexFunc(o.ExtraColumns, func(c Column) bool { return c.Name == o.UserColumn })
	if i < 0 || o.ExtraColumns[i].Value == nil || o.ExtraColumns[i].CreateOnly {
		return "", &djangosession.SettingError{Setting: "Options.UserColumn", Problem: fmt.Sprintf(
			"names %q, which is not one of Options.ExtraColumns with a Value in every save, such as LoggedInUserID", o.UserColumn)}
	}
	return d.quote(o.UserColumn), nil
}

// isUser is the condition that a row may belong to the user.
func (e *Engine) isUser(a *args, id string) string {
	forms := formsOfID(id)
	for i, form := range forms {
		forms[i] = a.add(form)
	}
	return fmt.Sprintf("(%s IN (%s) OR %s IS NULL)", e.user, strings.Join(forms, ", "), e.user)
}

// formsOfID returns an id as given, and as columns may contain it: an integer without
// leading zeros, and a UUID with hyphens and without.
func formsOfID(id string) []string {
	forms := []string{id}
	if u, err := py.ParseUUID(id); err == nil {
		forms = append(forms, u.String(), hex.EncodeToString(u[:]))
	} else if strings.Trim(id, "0123456789") == "" {
		forms = append(forms, cmp.Or(strings.TrimLeft(id, "0"), "0"))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}
