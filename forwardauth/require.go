package forwardauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// A Requirement says which visitors may pass. The zero value is a login.
type Requirement struct {
	// Anonymous lets visitors without a login pass. No other field may be set then.
	Anonymous bool `json:"anonymous,omitempty"`

	Staff     bool `json:"staff,omitempty"`     // is_staff
	Superuser bool `json:"superuser,omitempty"` // is_superuser
	// Groups are names of groups. The user must be in at least one of them. A superuser
	// needs that too.
	Groups []string `json:"groups,omitempty"`
	// Permissions are names such as "shop.view_order". The user must have all of them, as
	// has_perms says; an active superuser has all.
	Permissions []string `json:"permissions,omitempty"`
}

var (
	errAnonymousOnly = errors.New("anonymous visitors have no flags, groups and permissions: leave them out, or leave out anonymous")
	errNoName        = errors.New("a group needs a name, and a permission a name such as shop.view_order")
)

func (q *Requirement) check() error {
	if q.Anonymous && (q.Staff || q.Superuser || len(q.Groups)+len(q.Permissions) > 0) {
		return errAnonymousOnly
	}
	incomplete := func(permission string) bool {
		app, name, ok := strings.Cut(permission, ".")
		return !ok || app == "" || name == ""
	}
	if slices.Contains(q.Groups, "") || slices.ContainsFunc(q.Permissions, incomplete) {
		return errNoName
	}
	return nil
}

// parseRequirement reads the requirement in a path, such as "login", "anonymous" or
// "staff&group=Editors&permission=shop.view_order". Names are percent-encoded.
func parseRequirement(text string) (q Requirement, err error) {
	for part := range strings.SplitSeq(text, "&") {
		kind, name, named := strings.Cut(part, "=")
		shown := part[:min(len(part), 40)] // of what may be any client's text
		if name, err = url.PathUnescape(name); err != nil {
			return q, fmt.Errorf("%q is not percent-encoded", shown)
		}
		switch {
		case named && kind == "group":
			q.Groups = append(q.Groups, name)
		case named && kind == "permission":
			q.Permissions = append(q.Permissions, name)
		case part == "staff":
			q.Staff = true
		case part == "superuser":
			q.Superuser = true
		case part == "anonymous":
			q.Anonymous = true
		case part != "login":
			return q, fmt.Errorf("%q is none of login, anonymous, staff, superuser, group=NAME and permission=NAME", shown)
		}
	}
	err = q.check()
	return q, err
}

// allows reports whether a user passes. The user is nil if no user is logged in.
func (q *Requirement) allows(ctx context.Context, user *auth.User) (bool, error) {
	if user == nil {
		return q.Anonymous, nil
	}
	if q.Staff && !user.IsStaff || q.Superuser && !user.IsSuperuser {
		return false, nil
	}
	if len(q.Groups) > 0 {
		in, err := user.Groups(ctx)
		if err != nil || !slices.ContainsFunc(q.Groups, func(g string) bool { return slices.Contains(in, g) }) {
			return false, err
		}
	}
	return user.HasPerms(ctx, q.Permissions...)
}
