package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/djangobridge/djangobridge/internal/waitlock"
)

// permissions holds the permissions of a user. They are read at first use, and kept as
// long as the user.
type permissions struct {
	mu    sync.Mutex // guards users; never held while waiting
	users Users

	asking waitlock.Mutex  // guards the fields below
	all    map[string]bool // nil until the first use
	groups []string        // likewise
}

// from sets where permissions are read.
func (p *permissions) from(users Users) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users = users
}

// ask calls read with where permissions are read, while no other goroutine reads them.
// The error is that of read, errNoUsers, or the end of ctx.
func (p *permissions) ask(ctx context.Context, read func(users Users) error) error {
	if !p.asking.Lock(ctx.Done()) {
		return fmt.Errorf("auth: wait until the permissions of a user are read: %w", ctx.Err())
	}
	defer p.asking.Unlock()
	p.mu.Lock()
	users := p.users
	p.mu.Unlock()
	if users == nil {
		return errNoUsers
	}
	return read(users)
}

var errNoUsers = errors.New("auth: a user made by hand has no permissions: get it from UserFrom, Auth.User or Auth.Authenticate")

// HasPerm reports whether the user has a permission, such as "shop.add_order". An active
// superuser has all permissions; an inactive or nil user has none. The first question
// about permissions queries [Users], later ones do not. HasPerm matches ModelBackend,
// whatever AUTHENTICATION_BACKENDS contains: it does not include permissions that only
// custom backends grant, and grants those of ModelBackend even if no backend of the site
// does. [New] warns of sites whose backends are all unknown. Matches has_perm.
func (u *User) HasPerm(ctx context.Context, permission string) (bool, error) {
	if u == nil || !u.IsActive || u.IsSuperuser {
		return u != nil && u.IsActive, nil
	}
	all, err := u.allPermissions(ctx)
	return all[permission], err
}

// HasPerms reports whether the user has all of these permissions. Matches has_perms.
func (u *User) HasPerms(ctx context.Context, permissions ...string) (bool, error) {
	for _, p := range permissions {
		if ok, err := u.HasPerm(ctx, p); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// HasModulePerms reports whether the user has any permission in an app. Matches
// has_module_perms.
func (u *User) HasModulePerms(ctx context.Context, appLabel string) (bool, error) {
	if u == nil || !u.IsActive || u.IsSuperuser {
		return u != nil && u.IsActive, nil
	}
	all, err := u.allPermissions(ctx)
	for p := range all {
		if label, _, _ := strings.Cut(p, "."); label == appLabel {
			return true, nil
		}
	}
	return false, err
}

// Permissions returns all permissions of the user, sorted. An active superuser has all
// that exist. Matches get_all_permissions.
func (u *User) Permissions(ctx context.Context) ([]string, error) {
	if u == nil || !u.IsActive {
		return []string{}, nil
	}
	all, err := u.allPermissions(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(all))
	for p := range all {
		names = append(names, p)
	}
	slices.Sort(names)
	return names, nil
}

func (u *User) allPermissions(ctx context.Context) (all map[string]bool, err error) {
	p := &u.permissions
	err = p.ask(ctx, func(users Users) error {
		if p.all == nil {
			names, err := users.Permissions(ctx, u)
			if err != nil {
				return fmt.Errorf("auth: read permissions: %w", err)
			}
			p.all = make(map[string]bool, len(names))
			for _, name := range names {
				p.all[name] = true
			}
		}
		all = p.all // which is not changed any more
		return nil
	})
	return all, err
}

// Groups returns the names of the user's groups, even if the user is inactive.
func (u *User) Groups(ctx context.Context) ([]string, error) {
	if u == nil {
		return []string{}, nil
	}
	p, groups := &u.permissions, []string(nil)
	err := p.ask(ctx, func(users Users) error {
		if p.groups == nil {
			names, err := users.Groups(ctx, u)
			if err != nil {
				return fmt.Errorf("auth: read groups: %w", err)
			}
			p.groups = append([]string{}, names...)
		}
		groups = slices.Clone(p.groups)
		return nil
	})
	return groups, err
}
