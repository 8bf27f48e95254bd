package djangosession

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Database is where a Django site reads a model, as [SettingsScript] finds it inside
// Django. It does not contain the address, names or passwords of the server.
type Database struct {
	Alias      string `json:"alias"`       // the key of DATABASES that the routers choose for reading
	WriteAlias string `json:"write_alias"` // the key that they choose for writing
	Engine     string `json:"engine"`      // ENGINE, such as "django.db.backends.postgresql"
	Vendor     string `json:"vendor"`      // "sqlite", "postgresql", "mysql" (MariaDB too), "oracle" or another
	TimeZone   string `json:"time_zone"`   // TIME_ZONE of the database; "" if it has none
	// SearchPath is the search_path in OPTIONS, such as "shop,public": the schemas in
	// which PostgreSQL looks for tables. It is "" if the settings do not say so; the
	// server may.
	SearchPath string `json:"search_path"`

	// Error is the Python exception that ended the search.
	Error string `json:"error"`
}

// VendorOf returns the vendor of an ENGINE of DATABASES that handles tables as Django's
// own engines do: "sqlite", "postgresql" or "mysql". It reports whether the engine is
// known.
func VendorOf(engine string) (vendor string, known bool) {
	for _, family := range []string{"django.db.backends.", "django.contrib.gis.db.backends.", "django_prometheus.db.backends."} {
		name, is := strings.CutPrefix(engine, family)
		if !is {
			continue
		}
		switch name {
		case "sqlite3", "spatialite":
			return "sqlite", true
		case "postgresql", "postgresql_psycopg2", "postgis":
			return "postgresql", true
		case "mysql":
			return "mysql", true
		}
	}
	return "", false
}

// A UserModel describes AUTH_USER_MODEL, as [SettingsScript] finds it inside Django.
// Names of tables and columns are those in the database. A column is "" if the model
// does not have the field.
type UserModel struct {
	Model string `json:"model"` // AUTH_USER_MODEL; "" if unknown
	Table string `json:"table"`

	IDColumn       string `json:"id_column"`       // primary key
	IDType         string `json:"id_type"`         // "integer", "uuid" or "text"; "" for other types
	IDField        string `json:"id_field"`        // class of its field, such as "django.db.models.fields.AutoField"
	UsernameColumn string `json:"username_column"` // of the field that USERNAME_FIELD names
	UsernameField  string `json:"username_field"`  // the name of that field; "" if unknown
	EmailField     string `json:"email_field"`     // the name of the field with the email address; "" if unknown or without one
	// EmailComputed reports whether Python code of the site computes or converts the email
	// address: whether there is an address outside Django's own fields for text.
	EmailComputed bool `json:"email_computed"`

	PasswordColumn    string `json:"password_column"`
	IsActiveColumn    string `json:"is_active_column"`
	IsStaffColumn     string `json:"is_staff_column"`
	IsSuperuserColumn string `json:"is_superuser_column"`
	LastLoginColumn   string `json:"last_login_column"`

	// Groups and UserPermissions are the fields of these names; nil without them.
	Groups          *UserLink `json:"groups"`
	UserPermissions *UserLink `json:"user_permissions"`

	// Fields are the model's fields with a column in Table; nil if unknown.
	Fields []UserField `json:"fields"`

	// OtherTables are further tables that contain columns of the model, as with
	// multi-table inheritance.
	OtherTables []string `json:"other_tables"`
	// Computed lists those of password, last_login, is_active, is_staff and is_superuser
	// that Python code of the site answers, or whose field class is not one of Django's.
	Computed []string `json:"computed"`
	// SessionAuthHash is "django" for Django's own get_session_auth_hash, "overridden"
	// for one of the site, and "absent".
	SessionAuthHash string `json:"session_auth_hash"`
	// Overrides lists, for each class of the model outside Django, the names of
	// Django's user classes that it overrides; ManagerOverrides likewise for the
	// default manager and its query set.
	Overrides        map[string][]string `json:"overrides"`
	ManagerOverrides map[string][]string `json:"manager_overrides"`

	// Error is the Python exception that ended the search; what was found before it is in
	// the other fields.
	Error string `json:"error"`
}

// UnmarshalJSON implements [json.Unmarshaler]. It refuses a model without one of the
// columns: if the file did not name is_active, inactive users could log in.
func (m *UserModel) UnmarshalJSON(b []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(b, &given); err != nil {
		return err
	}
	type fields UserModel // has no UnmarshalJSON method
	var read fields
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	*m = UserModel(read)
	if m.Error != "" || len(given) == 0 {
		return nil
	}
	for _, name := range []string{
		"model", "table", "id_column", "id_type", "username_column", "password_column", "is_active_column", "is_staff_column",
		"is_superuser_column", "last_login_column", "groups", "user_permissions", "computed", "session_auth_hash", "overrides",
		"manager_overrides", "other_tables",
	} {
		if given[name] == nil {
			return fmt.Errorf("lacks %q: "+exportAgain, name)
		}
	}
	return nil
}

// A UserField is a field of a user model that has a column.
type UserField struct {
	Name   string `json:"name"`   // attname, such as "email"; "team_id" for a foreign key "team"
	Column string `json:"column"` // of the table
	// Type is the result of get_internal_type, such as "CharField"; for a foreign key,
	// that of the field that it refers to.
	Type string `json:"type"`
	Null bool   `json:"null"`
}

// A PasswordHasher describes a class in PASSWORD_HASHERS.
type PasswordHasher struct {
	Class     string              `json:"class"`     // as in PASSWORD_HASHERS
	Algorithm string              `json:"algorithm"` // the start of encoded passwords, such as "pbkdf2_sha256"
	MRO       []string            `json:"mro"`       // the class and its bases, by qualified name
	Overrides map[string][]string `json:"overrides"` // as in [UserModel]
	// Parameters are those that the class has of iterations, rounds, time_cost,
	// memory_cost, parallelism, work_factor, block_size, maxmem and salt_entropy, under
	// Django's names.
	Parameters map[string]int `json:"parameters"`
	// Error is the Python exception that ended the examination.
	Error string `json:"error"`
}

// A UserLink is the table between a user model and the model of a many-to-many field.
type UserLink struct {
	Table       string `json:"table"`
	UserColumn  string `json:"user_column"`  // refers to the user
	OtherColumn string `json:"other_column"` // refers to the group or permission
	Model       string `json:"model"`        // the other model, such as "auth.Group"
}
