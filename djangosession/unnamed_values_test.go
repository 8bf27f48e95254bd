package djangosession_test

import (
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/signing"
)

// TestKeysThatAreNoTextAreNotNames loads a session with a key that is not a str, as only
// a pickle can contain it.
func TestKeysThatAreNoTextAreNotNames(t *testing.T) {
	t.Parallel()
	sessions, engine := siteWith(t, djangosession.Options{}, func(s *djangosession.Settings) {
		s.Serializer = djangosession.PickleSerializer{}
	})
	codec, err := djangosession.NewCodec(sessions.Settings())
	must(err)
	d := py.NewDict(2)
	d.Set(int64(7), "seven")
	d.Set("n", int64(1))
	text, err := codec.Encode(d)
	must(err)
	key := djangosession.NewKey()
	engine.SetRow(key, text, frozen.Add(time.Hour))
	session, err := sessions.Load(t.Context(), key)
	must(err)
	if keys := session.Keys(); !slices.Equal(keys, []string{"n"}) {
		t.Errorf("keys %q", keys)
	}
	if values := session.Values(); !slices.Equal(values, []any{int64(1)}) {
		t.Errorf("values %v", values)
	}
}

func TestExplainSeesTheLayoutOfASignedList(t *testing.T) {
	t.Parallel()
	codec, err := djangosession.NewCodec(djangosession.NewSettings("secret"))
	must(err)
	text, err := signing.Dumps([]byte(`[1]`), signing.Options{Key: "another", Salt: "shop"})
	must(err)
	e := codec.Explain(text, djangosession.Candidates{})
	if e.Layout != djangosession.DumpsLayout || e.Kind != djangosession.SignedKind || e.SignedWith != nil {
		t.Errorf("layout %q, kind %q, signed with %v", e.Layout, e.Kind, e.SignedWith)
	}
}
