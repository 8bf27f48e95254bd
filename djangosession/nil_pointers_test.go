package djangosession_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A nil pointer is not a Python value, in any container.
func TestNilPointersInContainersFailTheSave(t *testing.T) {
	t.Parallel()
	for what, configure := range map[string]func(*djangosession.Settings){
		"pickle": pickleSite("4.2.30"), "JSON": func(*djangosession.Settings) {},
	} {
		m, _ := site(t, configure)
		for _, v := range []any{
			(*py.UUID)(nil), (*py.Decimal)(nil), (*py.Date)(nil), (*py.Time)(nil), (*py.TimeDelta)(nil), (*py.DateTime)(nil),
			(*py.Dict)(nil), (*py.List)(nil), (*py.Tuple)(nil), (*py.Set)(nil), (*py.FrozenSet)(nil), (*py.ByteArray)(nil),
			(*py.Object)(nil), (*py.Global)(nil), (*py.Str2)(nil), (*py.Bytes)(nil),
		} {
			s := m.New()
			s.Set("bad", py.NewList(v))
			_, _ = s.Get("bad")
			err := s.Save(t.Context())
			if wrong, ok := errors.AsType[*djangosession.ValueError](err); !ok || wrong.Name != "bad" {
				t.Errorf("%s: %T: %v", what, v, err)
			}
		}
	}
}
