package djangosession

import "context"

// readOnly returns a manager whose sessions cannot be stored.
func (m *Manager) readOnly() *Manager {
	c := *m
	c.engine = readOnly{m.engine}
	return &c
}

func (m *Manager) isReadOnly() bool {
	_, is := m.engine.(readOnly)
	return is
}

// readOnly is an engine that only reads.
type readOnly struct{ Engine }

func (readOnly) Create(context.Context, *Record) error { return ErrReadOnly }

func (readOnly) Save(context.Context, *Record) error { return ErrReadOnly }

func (readOnly) Delete(context.Context, string) error { return ErrReadOnly }

func (readOnly) Cycle(context.Context, string, func(*Record) error) error { return ErrReadOnly }

func (readOnly) ClearExpired(context.Context, ClearOptions) (int64, error) { return 0, ErrReadOnly }

func (readOnly) Merge(context.Context, string, func(*Record) error) error { return ErrReadOnly }

// ReadOnly reports whether the session cannot be stored, since it was loaded inside a [Middleware] that is so.
func (s *Session) ReadOnly() bool { return s.manager.isReadOnly() }
