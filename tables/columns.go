package tables

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A Column is an extra column of a session model. It matches what create_model_instance
// adds, and fields such as auto_now.
type Column struct {
	Name string
	// Value returns the value of the column: a value that the database driver accepts,
	// nil for NULL, or a [py.DateTime], which is written as Django writes dates in this
	// database. It receives the context of the save and the session's dict, whose values
	// may be [py.Lazy]. Inside the middleware of package djangosession the context
	// contains the request; see [djangosession.RequestFromContext]. Value must not use
	// the session table, and the rule of Options.Prepare about connections applies to it
	// too. [Now], [Today], [TimeOfDay], [LoggedInUserID], [LoggedInUserUUID], [UserAgent],
	// [RemoteAddr] and [FromSession] are ready to use.
	//
	// A column without a Value is left alone: a new row gets its default or NULL.
	Value func(ctx context.Context, d *py.Dict) (any, error)
	// CreateOnly sets the column when the row is created, and not in later saves. A
	// change of the session key (CycleKey, and therefore each login) creates a row, as in
	// Django.
	CreateOnly bool
}

// Now is a [Column] Value: the time of the save, as timezone.now gives it to a
// DateTimeField. It matches auto_now, and auto_now_add with CreateOnly.
func Now(context.Context, *py.Dict) (any, error) { return now{}, nil }

// now represents the engine's time.
type now struct{}

// Today is a [Column] Value: the date of the save in TIME_ZONE, for a DateField. It
// matches auto_now, and auto_now_add with CreateOnly.
func Today(context.Context, *py.Dict) (any, error) { return today{}, nil }

// today represents the date of the engine's time.
type today struct{}

// TimeOfDay is a [Column] Value: the time of the save in TIME_ZONE, for a TimeField. It
// matches auto_now, and auto_now_add with CreateOnly.
func TimeOfDay(context.Context, *py.Dict) (any, error) { return timeOfDay{}, nil }

// timeOfDay represents the engine's time without its date.
type timeOfDay struct{}

// autoNow returns the Value that matches auto_now in a field of this type, or nil.
func autoNow(fieldType string) func(context.Context, *py.Dict) (any, error) {
	switch fieldType {
	case "DateTimeField":
		return Now
	case "DateField":
		return Today
	case "TimeField":
		return TimeOfDay
	}
	return nil
}

// LoggedInUserID is a [Column] Value: the id of the logged-in user as text, as the
// session contains it, or NULL. Databases convert the text to the integer of a foreign
// key. For UUIDs use [LoggedInUserUUID].
func LoggedInUserID(ctx context.Context, d *py.Dict) (any, error) {
	return FromSession(userIDName)(ctx, d)
}

// userIDName is auth.SessionKey.
const userIDName = "_auth_user_id"

// LoggedInUserUUID is [LoggedInUserID] for a user model whose primary key is a UUIDField:
// the 32 hexadecimal digits, which all databases accept. It is NULL for text that is not
// a UUID.
func LoggedInUserUUID(ctx context.Context, d *py.Dict) (any, error) {
	v, err := LoggedInUserID(ctx, d)
	text, ok := v.(string)
	if err != nil || !ok {
		return nil, err
	}
	id, err := py.ParseUUID(text)
	if err != nil {
		return nil, nil //nolint:nilerr // no user has such an id
	}
	return hex.EncodeToString(id[:]), nil
}

// FromSession returns a [Column] Value that copies the session's value of this name, a
// str or an int. It is NULL if the session has no such value.
func FromSession(name string) func(context.Context, *py.Dict) (any, error) {
	return func(_ context.Context, d *py.Dict) (any, error) {
		v, _ := d.Get(name)
		switch v := py.Native(py.Resolve(v)).(type) { // Python 2 can have stored a long
		case string, int64, nil:
			return v, nil
		case py.Str2: // pickled by Python 2
			return string(v), nil
		default:
			return nil, fmt.Errorf("the session value %q is a %s", name, py.TypeName(v))
		}
	}
}

// djangoColumns are the columns of every session model.
func djangoColumns() []string { return []string{"session_key", "session_data", "expire_date"} }

// allColumns adds the columns that Django itself fills with dates or times to those of Options.
func allColumns(given []Column, exported []djangosession.SessionStoreColumn) ([]Column, error) {
	all := slices.Clone(given)
	for _, c := range given {
		if slices.Contains(djangoColumns(), c.Name) {
			problem := fmt.Sprintf("%q is not an extra column", c.Name)
			return nil, &djangosession.SettingError{Setting: "Options.ExtraColumns", Problem: problem}
		}
	}
	for _, x := range exported {
		named := slices.ContainsFunc(given, func(c Column) bool { return c.Name == x.Name })
		if value := autoNow(x.Type); !named && value != nil && (x.AutoNow || x.AutoNowAdd) {
			all = append(all, Column{Name: x.Name, Value: value, CreateOnly: !x.AutoNow})
		}
	}
	return all, nil
}

// filledColumns are the columns that a site's own code may fill.
func filledColumns(c *djangosession.SessionStoreClass) []string {
	hasCode := false
	for _, overrides := range []map[string][]string{c.Overrides, c.ModelOverrides} {
		for _, names := range overrides {
			hasCode = hasCode || slices.Contains(names, "create_model_instance") || slices.Contains(names, "save")
		}
	}
	if !hasCode {
		return nil
	}
	var filled []string
	for _, x := range c.Columns {
		filled = append(filled, x.Name)
	}
	return filled
}

// cell is a quoted column and the expression for its value, which is among the arguments.
type cell struct{ column, expr string }

// cells are the columns that a save writes, except the key.
func (e *Engine) cells(ctx context.Context, a *args, r *djangosession.Record, creating bool) ([]cell, error) {
	d := r.Data
	data, err := e.codec.Encode(d)
	if err != nil {
		return nil, err
	}
	expire, err := e.stamp(r.ExpireDate)
	if err != nil {
		return nil, &djangosession.ValueError{Name: djangosession.ExpiryName, Err: err}
	}
	cells := make([]cell, 0, 2+len(e.extra))
	cells = append(cells, cell{e.names.data, a.add(data)}, cell{e.names.expire, e.dialect.timeExpr(a, expire)})
	for _, c := range e.extra {
		if c.Value == nil || c.CreateOnly && !creating {
			continue
		}
		value, err := c.Value(ctx, d)
		expr := ""
		if err == nil {
			expr, err = e.expr(a, value)
		}
		if err != nil {
			return nil, fmt.Errorf("tables: column %q: %w", c.Name, err)
		}
		cells = append(cells, cell{e.dialect.quote(c.Name), expr})
	}
	return cells, nil
}

// prepared returns the record to be stored: r, or a copy that Options.Prepare has
// changed.
func (e *Engine) prepared(ctx context.Context, r *djangosession.Record) (*djangosession.Record, error) {
	if r.Data == nil {
		return nil, djangosession.ErrNoData
	}
	if e.prepare == nil {
		return r, nil
	}
	changed := *r
	changed.Data = r.Data.Copy()
	if err := e.prepare(ctx, changed.Data); err != nil {
		return nil, fmt.Errorf("tables: prepare session: %w", err)
	}
	return &changed, nil
}

// expr is the expression for a value of a [Column].
func (e *Engine) expr(a *args, value any) (string, error) {
	switch v := value.(type) {
	case now:
		return e.dialect.timeExpr(a, e.nowStamp()), nil
	case today:
		date, _ := e.clock()
		return a.add(date), nil
	case timeOfDay:
		_, clock := e.clock()
		return a.add(clock), nil
	case py.DateTime:
		s, err := e.stamp(v)
		if err != nil {
			return "", err
		}
		return e.dialect.timeExpr(a, s), nil
	}
	return a.add(value), nil
}

// clock returns the date and the time of Django's process as text, as Django writes them.
func (e *Engine) clock() (date, clock string) {
	local := stamp{wall: py.NaiveIn(e.now().Truncate(time.Microsecond), e.loc).Time}
	date, clock, _ = strings.Cut(local.text(), " ")
	return date, clock
}
