package djangosession

import (
	"net/http"
	"testing"
)

// since is a release and what a rule says from it on.
type since struct {
	release release
	want    any
}

// TestReleaseRulesAtTheirBoundaries has, for each rule, the release before and the release of every change. The changes
// are those in the release notes and the code of Django.
func TestReleaseRulesAtTheirBoundaries(t *testing.T) {
	t.Parallel()
	const rfcDate, netscapeDate = "Mon, 02 Jan 2006 15:04:05 GMT", "Mon, 02-Jan-2006 15:04:05 GMT"
	saves := func(status int) func(release) any { return func(r release) any { return r.savesWith(status) } }
	// rules that a release switched on or off for good.
	rules := map[string]struct {
		rule    func(r release) any
		changes []since
	}{
		"hasDumpsLayout":      {func(r release) any { return r.hasDumpsLayout() }, []since{{release{3, 0, 99}, false}, {release{3, 1, 0}, true}}},
		"readsLegacyLayout":   {func(r release) any { return r.readsLegacyLayout() }, []since{{release{3, 2, 99}, true}, {release{4, 0, 0}, false}}},
		"hasFallbackKeys":     {func(r release) any { return r.hasFallbackKeys() }, []since{{release{4, 0, 99}, false}, {release{4, 1, 0}, true}}},
		"hasISOExpiry":        {func(r release) any { return r.hasISOExpiry() }, []since{{release{4, 0, 99}, false}, {release{4, 1, 0}, true}}},
		"hasPickleSerializer": {func(r release) any { return r.hasPickleSerializer() }, []since{{release{4, 2, 99}, true}, {release{5, 0, 0}, false}}},
		"needsPython3":        {func(r release) any { return r.needsPython3() }, []since{{release{1, 11, 99}, false}, {release{2, 0, 0}, true}}},
		"pickleProtocol": {
			func(r release) any { return r.pickleProtocol() },
			[]since{{release{1, 11, 99}, 2}, {release{2, 0, 0}, 4}, {release{3, 2, 99}, 4}, {release{4, 0, 0}, 5}, {release{6, 1, 0}, 5}},
		},
		"serializerByDefault": {
			func(r release) any { return r.serializerByDefault() },
			[]since{{release{1, 5, 99}, pickleSerializerPath}, {release{1, 6, 0}, jsonSerializerPath}},
		},
		"usesTZByDefault": {func(r release) any { return r.usesTZByDefault() }, []since{{release{4, 2, 99}, false}, {release{5, 0, 0}, true}}},
		"hasCookieSaltV2": {
			func(r release) any { return r.hasCookieSaltV2() },
			[]since{
				{release{4, 2, 99}, false},
				{release{5, 1, 99}, false},
				{release{5, 2, 14}, false},
				{release{5, 2, 15}, true},
				{release{5, 2, 99}, true},
				{release{6, 0, 0}, false},
				{release{6, 0, 5}, false},
				{release{6, 0, 6}, true},
				{release{6, 1, 0}, true},
			},
		},
		"acceptsOldCookieSaltByDefault": {
			func(r release) any { return r.acceptsOldCookieSaltByDefault() }, []since{{release{6, 0, 99}, true}, {release{6, 1, 0}, false}},
		},
		"savesWith 500": {saves(http.StatusInternalServerError), []since{{release{1, 4, 99}, true}, {release{1, 5, 0}, false}, {release{4, 2, 0}, false}}},
		"savesWith 503": {saves(http.StatusServiceUnavailable), []since{{release{1, 4, 99}, true}, {release{4, 1, 99}, true}, {release{4, 2, 0}, false}}},
		"savesWith 499": {saves(499), []since{{release{1, 4, 99}, true}, {release{1, 5, 0}, true}, {release{4, 2, 0}, true}}},
		"savesWith 501": {saves(http.StatusNotImplemented), []since{{release{1, 4, 99}, true}, {release{1, 5, 0}, true}, {release{4, 2, 0}, false}}},
		"variesOnDeletion": {
			func(r release) any { return r.variesOnDeletion() }, []since{{release{2, 2, 99}, false}, {release{3, 0, 0}, true}},
		},
		"variesWithCookie": {
			func(r release) any { return r.variesWithCookie() },
			[]since{
				{release{4, 2, 99}, false},
				{release{5, 1, 99}, false},
				{release{5, 2, 13}, false},
				{release{5, 2, 14}, true},
				{release{5, 2, 99}, true},
				{release{6, 0, 0}, false},
				{release{6, 0, 4}, false},
				{release{6, 0, 5}, true},
				{release{6, 1, 0}, true},
			},
		},
		"cookieDate":     {func(r release) any { return r.cookieDate() }, []since{{release{2, 0, 99}, netscapeDate}, {release{2, 1, 0}, rfcDate}}},
		"hasWholeMaxAge": {func(r release) any { return r.hasWholeMaxAge() }, []since{{release{3, 1, 99}, false}, {release{3, 2, 0}, true}}},
		"hasSameSite":    {func(r release) any { return r.hasSameSite() }, []since{{release{2, 0, 99}, false}, {release{2, 1, 0}, true}}},
		"deletesWithDomain": {
			func(r release) any { return r.deletesWithDomain() }, []since{{release{1, 8, 99}, false}, {release{1, 9, 0}, true}},
		},
		"deletesWithPath": {
			func(r release) any { return r.deletesWithPath() }, []since{{release{1, 10, 99}, false}, {release{1, 11, 0}, true}},
		},
		"deletesWithSameSite": {
			func(r release) any { return r.deletesWithSameSite() },
			[]since{
				{release{2, 1, 99}, false},
				{release{2, 2, 14}, false},
				{release{2, 2, 15}, true},
				{release{2, 2, 99}, true},
				{release{3, 0, 0}, false},
				{release{3, 0, 8}, false},
				{release{3, 0, 9}, true},
				{release{3, 1, 0}, true},
			},
		},
		"deletesNoneSecurely": {
			func(r release) any { return r.deletesNoneSecurely() }, []since{{release{3, 0, 99}, false}, {release{3, 1, 0}, true}},
		},
	}
	for name, test := range rules {
		for _, c := range test.changes {
			if got := test.rule(c.release); got != c.want {
				t.Errorf("%s of %v: %v, want %v", name, c.release, got, c.want)
			}
		}
	}
}

func TestReleasesAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want release // the zero value if it is refused
	}{
		{text: "", want: release{6, 1, 0}},
		{text: "5.2.19", want: release{5, 2, 19}},
		{text: "5.2", want: release{5, 2, 0}},
		{text: "7", want: release{7, 0, 0}},
		{text: "6.1rc1", want: release{6, 1, 0}},
		{text: "6.1rc1.5", want: release{6, 1, 0}},
		{text: "6.1a1.dev3", want: release{6, 1, 0}},
		{text: "6.2.dev20261101", want: release{6, 2, 0}},
		{text: "4.2.30.1", want: release{4, 2, 30}},
		{text: "1.4", want: release{1, 4, 0}},
		{text: "1.3.99"},
		{text: "0.96"},
		{text: "x"},
		{text: ".2"},
		{text: "v5.2"},
		{text: "99999999999999999999.1"},
		{text: "5.99999999999999999999"},
	} {
		got, err := parseRelease(test.text)
		if got != test.want || (err != nil) != (test.want == release{}) {
			t.Errorf("%q: %v, %v; want %v", test.text, got, err, test.want)
		}
	}
}

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
