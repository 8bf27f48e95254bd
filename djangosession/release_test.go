package djangosession

import "testing"

func TestReleasesAreCompared(t *testing.T) {
	t.Parallel()
	s := NewSettings("k")
	for _, test := range []struct {
		version             string
		major, minor, patch int
		want                bool
	}{
		{version: "4.2.30", major: 4, minor: 2, patch: 30, want: true},
		{version: "4.2.30", major: 4, minor: 2, patch: 31, want: false},
		{version: "4.2.30", major: 4, minor: 2, patch: 29, want: true},
		{version: "4.2.30", major: 4, minor: 3, patch: 0, want: false},
		{version: "4.2.30", major: 4, minor: 1, patch: 99, want: true},
		{version: "4.2.30", major: 5, minor: 0, patch: 0, want: false},
		{version: "4.2.30", major: 3, minor: 99, patch: 99, want: true},
		{version: "none", major: 1, minor: 4, patch: 0, want: false},
		{version: "1.3", major: 1, minor: 3, patch: 0, want: false},
	} {
		s.DjangoVersion = test.version
		if got := s.AtLeast(test.major, test.minor, test.patch); got != test.want {
			t.Errorf("%s is at least %d.%d.%d: %v", test.version, test.major, test.minor, test.patch, got)
		}
	}
}

func TestSerializerByDefault(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"1.5.99": pickleSerializerPath, "1.6": jsonSerializerPath} {
		s, err := NewSettingsFor(version, "k")
		if err != nil || s.SessionSerializer != want {
			t.Errorf("%s: %q, %v; want %q", version, s.SessionSerializer, err, want)
		}
	}
}
