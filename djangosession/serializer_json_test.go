package djangosession_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

// TestJSONOfObjectsIsDjangos has subclasses of str and dict, which Python's json writes
// like these. The pickles are Python's.
func TestJSONOfObjectsIsDjangos(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, pickle, want string }{
		{
			name:   "SafeString",
			pickle: "\x80\x04}\x8c\x01s\x8c\x17django.utils.safestring\x8c\x0aSafeString\x93\x8c\x03<b>\x85\x81s.",
			want:   `{"s":"<b>"}`,
		},
		{
			name:   "OrderedDict in a list",
			pickle: "\x80\x04}\x8c\x01l](\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R\x8c\x01b\x4b\x01s\x4b\x02es.",
			want:   `{"l":[{"b":1},2]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := pickle.LoadsString(c.pickle)
			if err != nil {
				t.Fatal(err)
			}
			d, ok := v.(*py.Dict)
			if !ok {
				t.Fatal(py.TypeName(v))
			}
			if got, err := (djangosession.JSONSerializer{}).Dumps(d); err != nil || string(got) != c.want {
				t.Errorf("%s, %v, want %s", got, err, c.want)
			}
			if again, err := pickle.Dumps(d, 4); err != nil || len(again) < len(c.pickle) {
				t.Errorf("the session was changed to %q, %v", again, err)
			}
		})
	}
}

func TestJSONRefusesOtherObjects(t *testing.T) {
	t.Parallel()
	v, err := pickle.LoadsString("\x80\x04}\x8c\x01a\x8c\x04shop\x8c\x04Item\x93)\x81s.")
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*py.Dict)
	if !ok {
		t.Fatal(py.TypeName(v))
	}
	refused, ok := errors.AsType[*djangosession.ValueError](func() error { _, err := (djangosession.JSONSerializer{}).Dumps(d); return err }())
	if !ok || refused.Name != "a" {
		t.Errorf("refused %v", refused)
	}
}
