package tables

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Types of Django's fields, as get_internal_type returns them.
const (
	dateTimeField = "DateTimeField"
	dateField     = "DateField"
	timeField     = "TimeField"
	durationField = "DurationField"
	decimalField  = "DecimalField"
	uuidField     = "UUIDField"
	jsonField     = "JSONField"
	addressField  = "GenericIPAddressField"
	charField     = "CharField"
)

// isTextField reports whether a column of this type contains text.
func isTextField(fieldType string) bool {
	switch fieldType {
	case charField, "TextField", "SlugField", "FileField", "FilePathField", "CICharField", "CIEmailField", "CITextField":
		return true
	}
	return false
}

func isIntegerField(fieldType string) bool {
	switch fieldType {
	case "IntegerField", "SmallIntegerField", "BigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField",
		"PositiveBigIntegerField", "AutoField", "SmallAutoField", "BigAutoField":
		return true
	}
	return false
}

func isBooleanField(fieldType string) bool {
	return fieldType == "BooleanField" || fieldType == "NullBooleanField"
}

// isReadable reports whether fieldValue knows this type.
func isReadable(fieldType string) bool {
	switch fieldType {
	case dateTimeField, dateField, timeField, durationField, decimalField, uuidField, jsonField, addressField, "FloatField",
		"BinaryField":
		return true
	}
	return isTextField(fieldType) || isIntegerField(fieldType) || isBooleanField(fieldType)
}

// fieldExpr is the expression that gives a column as text for fieldValue.
func fieldExpr(d Dialect, column, fieldType string) string {
	switch fieldType {
	case dateTimeField:
		return d.timeText(column)
	case dateField, timeField, durationField, decimalField, uuidField, jsonField, addressField:
		return d.fieldText(column, fieldType)
	}
	return column // which database/sql converts
}

// fieldValue converts the value of a column to the type that UserOptions.Fields promises.
// The error does not contain the value.
func (u *Users) fieldValue(f djangosession.UserField, v sql.NullString) (any, error) {
	if !v.Valid {
		return nil, nil // NULL
	}
	value, err := u.parseField(f.Type, v.String)
	if err != nil {
		return nil, fmt.Errorf("the column %q contains a value that is not one of a %s", f.Column, f.Type)
	}
	return value, nil
}

func (u *Users) parseField(fieldType, text string) (any, error) {
	switch {
	case isIntegerField(fieldType):
		return strconv.ParseInt(text, 10, 64)
	case isBooleanField(fieldType):
		return strconv.ParseBool(text)
	}
	switch fieldType {
	case dateTimeField:
		if at := u.instant(text); !at.IsZero() {
			return at, nil
		}
		return nil, nil // no date, such as infinity in PostgreSQL or zeros in MySQL
	case dateField:
		return py.ParseDate(text)
	case timeField:
		return py.ParseTime(text)
	case durationField:
		n, err := strconv.ParseInt(text, 10, 64)
		if n > math.MaxInt64/int64(time.Microsecond) || n < math.MinInt64/int64(time.Microsecond) {
			return nil, strconv.ErrRange
		}
		return time.Duration(n) * time.Microsecond, err
	case uuidField:
		return py.ParseUUID(text)
	case "FloatField":
		return strconv.ParseFloat(text, 64)
	case "BinaryField":
		return []byte(text), nil
	}
	return text, nil
}

// fieldsNamed returns the fields of the model that have these names.
func fieldsNamed(m *djangosession.UserModel, names []string) ([]djangosession.UserField, error) {
	var found []djangosession.UserField
	for _, name := range names {
		i := slices.IndexFunc(m.Fields, func(f djangosession.UserField) bool { return f.Name == name })
		switch {
		case len(m.Fields) == 0:
			return nil, userOptionError(fmt.Sprintf("names the field %q, but the settings do not describe the fields of the user model: "+
				"export them again inside Django, by the script of this version", name))
		case i < 0:
			return nil, userOptionError(fmt.Sprintf("names the field %q, which the user model does not have; its fields are %s",
				name, fieldNames(m)))
		}
		found = append(found, m.Fields[i])
	}
	return found, nil
}

// furtherFields returns the fields in UserOptions.Fields.
func (o *UserOptions) furtherFields(m *djangosession.UserModel) ([]djangosession.UserField, error) {
	found, err := fieldsNamed(m, o.Fields)
	for i, f := range found {
		switch {
		case f.Column == m.PasswordColumn:
			return nil, userOptionError("names the password in Fields: use User.Password, which is not logged")
		case !isReadable(f.Type):
			return nil, userOptionError(fmt.Sprintf("names the field %q of the type %s, which cannot be read: remove it from Fields",
				f.Name, f.Type))
		case slices.Contains(o.Fields[:i], f.Name):
			return nil, userOptionError(fmt.Sprintf("names the field %q twice", f.Name))
		}
	}
	return found, err
}

// loginColumns returns the quoted columns of UserOptions.LoginFields.
func (o *UserOptions) loginColumns(d Dialect, m *djangosession.UserModel) ([]string, error) {
	if len(o.LoginFields) == 0 {
		return []string{d.quote(m.UsernameColumn)}, nil
	}
	fields, err := fieldsNamed(m, o.LoginFields)
	columns := make([]string, len(fields))
	for i, f := range fields {
		if !isTextField(f.Type) || f.Column == m.PasswordColumn {
			return nil, userOptionError(fmt.Sprintf("names the field %q in LoginFields, which is not a name: it must be a text field",
				f.Name))
		}
		columns[i] = d.quote(f.Column)
	}
	return columns, err
}

func fieldNames(m *djangosession.UserModel) string {
	names := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
