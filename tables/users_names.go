package tables

import "github.com/djangobridge/djangobridge/djangosession"

// userNames are the quoted names of a user model, "" for fields that it does not have.
type userNames struct {
	table, id, username            string
	password, lastLogin            string
	isActive, isStaff, isSuperuser string

	groups, userInGroups           string
	permissions, userInPermissions string
	// Django's own tables, and their columns
	group, groupPermissions, permission, contentType          string
	groupID, permissionID, contentTypeID, name, codename, app string
	primary                                                   string
}

func quoteModel(d Dialect, schema string, m *djangosession.UserModel) userNames {
	column := func(name string) string {
		if name == "" {
			return ""
		}
		return d.quote(name)
	}
	table := func(name string) string { return newNames(d, schema, name).table }
	n := userNames{
		table: table(m.Table), id: d.quote(m.IDColumn), username: d.quote(m.UsernameColumn),
		password: column(m.PasswordColumn), lastLogin: column(m.LastLoginColumn),
		isActive: column(m.IsActiveColumn), isStaff: column(m.IsStaffColumn), isSuperuser: column(m.IsSuperuserColumn),
		group: table("auth_group"), groupPermissions: table("auth_group_permissions"), permission: table("auth_permission"),
		contentType: table("django_content_type"),
		groupID:     d.quote("group_id"), permissionID: d.quote("permission_id"), contentTypeID: d.quote("content_type_id"),
		name: d.quote("name"), codename: d.quote("codename"), app: d.quote("app_label"), primary: d.quote("id"),
	}
	if m.Groups != nil {
		n.groups, n.userInGroups = table(m.Groups.Table), d.quote(m.Groups.UserColumn)
		n.permissions, n.userInPermissions = table(m.UserPermissions.Table), d.quote(m.UserPermissions.UserColumn)
	}
	return n
}
