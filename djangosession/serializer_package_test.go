package djangosession_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Sessions that the serializers of the Python package write: {"a": [1, 2.50]}, read from
// JSON and written by PickleSerializer on Python 3.13, and {"t": (1, 2)}.
const (
	packageJSON   = `{"a": [1, 2.50]}`
	packagePickle = "\x80\x05\x95\x17\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94]\x94(K\x01G@\x04\x00\x00\x00\x00\x00\x00es."
	packageTuple  = "\x80\x05\x95\x0e\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01t\x94K\x01K\x02\x86\x94s."
)

// TestSerializersOfThePythonPackageReadBothFormats has the steps from pickle to JSON.
func TestSerializersOfThePythonPackageReadBothFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ class, stored, want string }{
		{class: "PickleSerializer", stored: packageJSON, want: packagePickle},
		{class: "PickleSerializer", stored: packageTuple, want: packageTuple},
		{class: "TransitionalSerializer", stored: packageJSON, want: `{"a":[1, 2.50]}`},
		{class: "TransitionalSerializer", stored: packageTuple, want: `{"t":[1,2]}`},
	} {
		for _, release := range []string{"3.2.25", "4.2.30", "5.2.19", "6.1"} {
			s, err := djangosession.NewSettingsFor(release, "k")
			must(err)
			s.SessionSerializer, s.PickleProtocol = "djangobridge.serializers."+c.class, 5
			codec, err := djangosession.NewCodec(s)
			must(err)
			d, err := codec.Serializer().Loads([]byte(c.stored))
			if err != nil {
				t.Errorf("%s, %s: %v", release, c.class, err)
				continue
			}
			if got, err := codec.Serializer().Dumps(d); err != nil || string(got) != c.want {
				t.Errorf("%s, %s: wrote %q, %v; want %q", release, c.class, got, err, c.want)
			}
		}
	}
}

// TestDjangosPickleSerializerReadsNoJSON is as in Django, where the session is lost.
func TestDjangosPickleSerializerReadsNoJSON(t *testing.T) {
	t.Parallel()
	if d, err := (djangosession.PickleSerializer{}).Loads([]byte(packageJSON)); err == nil {
		t.Errorf("read %v", d)
	}
}
