package djangosession

import (
	"fmt"
	"slices"
	"strings"
)

// Check reports why the dialect of a database is uncertain. setting is the database's
// name in the settings, for the error: "SESSION_DATABASE" or "USER_DATABASE". The error
// is a [*SettingError].
func (d *Database) Check(setting string) error {
	if (*d == Database{}) {
		return &SettingError{Setting: setting, Problem: notInSettings}
	}
	return firstError(d.findings(setting))
}

// Check reports why a service cannot handle the users of this model as Django does. known
// lists harmless overrides; see [UserModel.UnknownOverrides]. The error is a
// [*SettingError].
func (m *UserModel) Check(known []string) error {
	if m.Model == "" && m.Error == "" {
		return &SettingError{Setting: userModelSetting, Problem: notInSettings}
	}
	return firstError(slices.DeleteFunc(m.findings(), func(f Finding) bool {
		return f.Override != "" && slices.Contains(known, f.Override)
	}))
}

func firstError(found []Finding) error {
	if len(found) == 0 {
		return nil
	}
	return &SettingError{Setting: found[0].Setting, Problem: found[0].Problem}
}

const userModelSetting = "USER_MODEL"

// refusal returns a finding that keeps a site from being opened.
func refusal(kind FindingKind, setting, problem string) Finding {
	return Finding{Kind: kind, Setting: setting, Problem: problem, Refused: true}
}

// findings returns what keeps a service from using a database. It returns nothing if the
// settings do not describe it.
func (d *Database) findings(setting string) []Finding {
	vendor, isKnown := VendorOf(d.Engine)
	refuse := func(kind FindingKind, problem string) []Finding { return []Finding{refusal(kind, setting, problem)} }
	switch {
	case *d == Database{}:
	case d.Error != "":
		return refuse(UnknownFinding, "could not be determined inside Django ("+d.Error+"): correct that, and "+exportAgain)
	case d.Alias != d.WriteAlias:
		return refuse(ContradictoryFinding, fmt.Sprintf(
			"is %q for reading and %q for writing, by DATABASE_ROUTERS: a service could read old data", d.Alias, d.WriteAlias))
	case !isKnown:
		return refuse(UnknownFinding, fmt.Sprintf("has ENGINE %q, which this module does not know: set Options.Dialect if it "+
			"creates tables exactly like Django's own engine", d.Engine))
	case vendor != d.Vendor:
		return refuse(ContradictoryFinding, fmt.Sprintf("has ENGINE %q, but vendor %q", d.Engine, d.Vendor))
	}
	return nil
}

// findings returns what keeps a service from using the user model. It returns nothing if
// the settings do not describe it.
func (m *UserModel) findings() []Finding {
	var found []Finding
	refuse := func(kind FindingKind, problem string) {
		found = append(found, refusal(kind, userModelSetting, problem))
	}
	switch {
	case m.Error != "":
		refuse(UnknownFinding, "could not be examined inside Django ("+m.Error+"): correct that, and "+exportAgain)
		return found
	case m.Model == "":
		return nil
	}
	if len(m.OtherTables) > 0 {
		refuse(UnknownFinding, "has columns in other tables ("+strings.Join(m.OtherTables, ", ")+"), which is not supported")
	}
	if m.IDType == "" {
		refuse(UnknownFinding, "has a primary key of the class "+m.IDField+", which is not supported")
	}
	if len(m.Computed) > 0 {
		refuse(UnknownFinding, "computes or converts "+strings.Join(m.Computed, ", ")+" in Python")
	}
	switch {
	case m.SessionAuthHash == "overridden":
		refuse(UnknownFinding, "overrides get_session_auth_hash: logins cannot be verified")
	case m.SessionAuthHash != "absent" && m.SessionAuthHash != "django":
		refuse(UnknownFinding, fmt.Sprintf("has the session_auth_hash %q", m.SessionAuthHash))
	case m.SessionAuthHash == "django" && m.PasswordColumn == "":
		refuse(ContradictoryFinding, "binds sessions to a password, but has no column for it")
	}
	if kind, problem := m.linkProblem(); problem != "" {
		refuse(kind, problem)
	}
	for _, part := range m.UnknownOverrides() {
		f := refusal(UnknownFinding, userModelSetting, "overrides "+part+", which may change who is logged in or what "+
			"users may do: name it in Options.KnownOverrides if it does not")
		f.Override = part
		found = append(found, f)
	}
	return found
}

// linkProblem returns what is wrong with groups and permissions; "" if nothing is.
func (m *UserModel) linkProblem() (kind FindingKind, problem string) {
	switch {
	case (m.Groups == nil) != (m.UserPermissions == nil):
		return ContradictoryFinding, "has only one of groups and user_permissions"
	case m.Groups == nil:
	case *m.Groups != UserLink{m.Groups.Table, m.Groups.UserColumn, "group_id", "auth.Group"},
		*m.UserPermissions != UserLink{m.UserPermissions.Table, m.Groups.UserColumn, "permission_id", "auth.Permission"}:
		return UnknownFinding, "has groups or user_permissions that are not those of PermissionsMixin"
	}
	return "", ""
}

// UnknownOverrides returns the overrides of the model, its manager and its query set that
// may change who is logged in or what a user may do, each as class and name, such as
// "shop.models.User.has_perm".
func (m *UserModel) UnknownOverrides() []string {
	model, manager := harmlessUserOverrides()
	var unknown []string
	for _, part := range []struct {
		overrides map[string][]string
		harmless  []string
	}{{m.Overrides, model}, {m.ManagerOverrides, manager}} {
		for class, names := range part.overrides {
			for _, name := range names {
				if !slices.Contains(part.harmless, name) {
					unknown = append(unknown, class+"."+name)
				}
			}
		}
	}
	slices.Sort(unknown)
	return unknown
}

// harmlessUserOverrides returns the names that a user model and its manager may override
// without changing who is logged in and what users may do. They concern how users are
// created, changed, validated and shown.
func harmlessUserOverrides() (model, manager []string) {
	model = strings.Fields(`DoesNotExist MultipleObjectsReturned NotUpdated EMAIL_FIELD REQUIRED_FIELDS USERNAME_FIELD Meta
		__repr__ __str__ adelete asave clean clean_fields delete full_clean get_constraints get_email_field_name
		get_full_name get_short_name natural_key normalize_username objects save save_base set_password
		set_unusable_password unique_error_message validate_constraints validate_unique`)
	manager = strings.Fields(`__repr__ __str__ _create_user _create_user_object abulk_create abulk_update acreate
		acreate_superuser acreate_user bulk_create bulk_update create create_superuser create_user deconstruct
		from_queryset make_random_password normalize_email use_in_migrations`)
	return model, manager
}
