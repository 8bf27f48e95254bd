package release_test

import (
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/internal/release"
)

// boundaries are the last releases before each change of a fact and the first ones with
// it, as the release notes and the code of Django have them: no lists releases without,
// yes with.
func boundaries() []boundary {
	return []boundary{
		{fact: release.Release.HasDumpsLayout, no: "3.0.99", yes: "3.1"},
		{fact: release.Release.ReadsLegacyLayout, no: "4.0", yes: "3.2.99"},
		{fact: release.Release.DecodesStrictBase64, no: "6.0.99", yes: "6.1"},
		{fact: release.Release.HasFallbackKeys, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.HasISOExpiry, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.HasPickleSerializer, no: "5.0", yes: "4.2.99"},
		{fact: release.Release.NeedsPython3, no: "1.11.99", yes: "2.0"},
		{fact: release.Release.HasTimezoneFixedOffset, no: "1.6.99", yes: "1.7"},
		{fact: release.Release.UsesJSONByDefault, no: "1.5.99", yes: "1.6"},
		{fact: release.Release.UsesTZByDefault, no: "4.2.99", yes: "5.0"},
		{fact: release.Release.HasCookieSaltV2, no: "4.2.99 5.1.99 5.2.14 6.0 6.0.5", yes: "5.2.15 5.2.99 6.0.6 6.1"},
		{fact: release.Release.AcceptsOldCookieSaltByDefault, no: "6.1", yes: "6.0.99"},
		{fact: release.Release.VariesOnDeletion, no: "2.2.99", yes: "3.0"},
		{fact: release.Release.VariesWithCookie, no: "4.2.99 5.1.99 5.2.13 6.0 6.0.4", yes: "5.2.14 5.2.99 6.0.5 6.1"},
		{fact: release.Release.HasWholeMaxAge, no: "3.1.99", yes: "3.2"},
		{fact: release.Release.HasSameSite, no: "2.0.99", yes: "2.1"},
		{fact: release.Release.DeletesWithDomain, no: "1.8.99", yes: "1.9"},
		{fact: release.Release.DeletesWithPath, no: "1.10.99", yes: "1.11"},
		{fact: release.Release.DeletesWithSameSite, no: "2.1.99 2.2.14 3.0 3.0.8", yes: "2.2.15 2.2.99 3.0.9 3.1"},
		{fact: release.Release.DeletesNoneSecurely, no: "3.0.99", yes: "3.1"},
		{fact: release.Release.ReadsPlainMessages, no: "4.0", yes: "3.2.99 1.4"},
		{fact: release.Release.ReadsSignedMessages, no: "3.0.99 4.1", yes: "3.1 4.0.99"},
		{fact: release.Release.ReadsDumpsMessages, no: "3.1.99", yes: "3.2"},
		{fact: release.Release.SignsMessages, no: "3.0.99", yes: "3.1"},
		{fact: release.Release.HasMessageSafety, no: "1.5.99", yes: "1.6"},
		{fact: release.Release.ReadsShortMessages, no: "3.1", yes: "3.0.99"},
		{fact: release.Release.SpacesMessages, no: "3.1.99", yes: "3.2"},
		{fact: release.Release.StoresEmptyTags, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.RedirectsGoneSessions, no: "1.9.99 1.11", yes: "1.10 1.10.99"},
		{fact: release.Release.DemandsHash, no: "1.9.99", yes: "1.10"},
		{fact: release.Release.HashesWithFallbackKeys, no: "4.0.99 4.1.7", yes: "4.1.8 4.2"},
		{fact: release.Release.HasArgon2id, no: "3.1.99", yes: "3.2"},
		{fact: release.Release.KeepsLanguage, no: "1.6.99 3.0", yes: "1.7 2.2.99"},
		{fact: release.Release.MakesTokensInSeconds, no: "3.0.99", yes: "3.1"},
		{fact: release.Release.AcceptsTokensInDays, no: "4.0", yes: "3.2.99"},
		{fact: release.Release.HashesEmailInTokens, no: "3.1.99", yes: "3.2"},
		{fact: release.Release.LimitsNext, no: "4.2.99 5.0.13 5.1 5.1.7", yes: "5.0.14 5.0.99 5.1.8 5.1.99 5.2 6.0"},
		{fact: release.Release.LogsOutByAnyMethod, no: "4.1", yes: "4.0.99"},
		{fact: release.Release.LogsOutByGet, no: "5.0", yes: "4.2.99"},
		{fact: release.Release.ReadsDomainsAsUnicode, no: "5.1.99", yes: "5.2"},
		{fact: release.Release.NeverCachesPrivately, no: "2.2.99", yes: "3.0"},
		{fact: release.Release.HasMaskedTokens, no: "1.9.99", yes: "1.10"},
		{fact: release.Release.ChecksOrigin, no: "3.2.99", yes: "4.0"},
		{fact: release.Release.StoresSecrets, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.HasCSRFCookieMasked, no: "4.0.99 5.0", yes: "4.1 4.2.99"},
		{fact: release.Release.SplitsProxyHeader, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.ParsesParams, no: "5.2", yes: "5.1.99"},
		{fact: release.Release.AllowsSubdomainsOfLocalhost, no: "3.0.99", yes: "3.1"},
		{fact: release.Release.LowersTypes, no: "4.1.99", yes: "4.2"},
		{fact: release.Release.RefusesCharsets, no: "4.2.99", yes: "5.0"},
		{fact: release.Release.LimitsFiles, no: "3.1.99 3.2.17 4.0 4.0.9 4.1 4.1.6", yes: "3.2.18 3.2.99 4.0.10 4.0.99 4.1.7 4.2"},
		{fact: release.Release.EscapesParams, no: "4.0.99", yes: "4.1"},
		{fact: release.Release.DecodesParams, no: "4.1.99", yes: "4.2"},
		{fact: release.Release.ReadsParamsAsEmail, no: "5.1.99 5.2.17 6.0 6.0.8 6.1 6.1.1", yes: "5.2.18 5.2.99 6.0.9 6.0.99 6.1.2 6.2"},
		{fact: release.Release.HasPrintableNames, no: "4.1.99", yes: "4.2"},
		{fact: release.Release.LimitsPartHeaders, no: "5.0.99", yes: "5.1"},
		{fact: release.Release.StripsHeaderNames, no: "5.2.99", yes: "6.0"},
		{fact: release.Release.HasStrictBase64, no: "6.0.99", yes: "6.1"},
		{fact: release.Release.JoinsBase64Pieces, no: "4.1.99 4.2.29 5.0 5.1.99 5.2.12 6.0 6.0.3", yes: "4.2.30 4.2.99 5.2.13 5.2.99 6.0.4 6.0.99 6.1"},
		{fact: release.Release.CarriesBase64Rest, no: "4.2.99 5.2.18 6.0 6.0.9 6.1 6.1.2", yes: "5.2.19 5.2.99 6.0.10 6.0.99 6.1.3 6.2"},
	}
}

type boundary struct {
	fact    func(release.Release) bool
	no, yes string
}

// name returns the name of the fact, such as "HasSameSite".
func (b boundary) name() string {
	full := runtime.FuncForPC(reflect.ValueOf(b.fact).Pointer()).Name()
	return full[strings.LastIndexByte(full, '.')+1:]
}

func TestFactsAtTheirBoundaries(t *testing.T) {
	t.Parallel()
	for _, b := range boundaries() {
		for want, list := range map[bool]string{false: b.no, true: b.yes} {
			for version := range strings.FieldsSeq(list) {
				if got := b.fact(parse(t, version)); got != want {
					t.Errorf("%s of %s: %v, want %v", b.name(), version, got, want)
				}
			}
		}
	}
}

func TestEveryFactHasItsBoundaries(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, b := range boundaries() {
		tested[b.name()] = b.no != "" && b.yes != ""
	}
	facts := 0
	for m := range reflect.TypeFor[release.Release]().Methods() {
		if m.Type != reflect.TypeFor[func(release.Release) bool]() {
			continue
		}
		facts++
		if !tested[m.Name] {
			t.Errorf("%s has no boundaries in this test: add the releases around its change", m.Name)
		}
	}
	if facts == 0 || facts != len(tested) {
		t.Errorf("found %d facts, and boundaries of %d", facts, len(tested))
	}
}

func TestSavingDependsOnTheStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  int
		no, yes string
	}{
		{status: http.StatusInternalServerError, no: "1.5 4.2", yes: "1.4.99"},
		{status: http.StatusServiceUnavailable, no: "4.2", yes: "1.4.99 4.1.99"},
		{status: 499, yes: "1.4.99 1.5 4.2"},
		{status: http.StatusNotImplemented, no: "4.2", yes: "1.4.99 1.5"},
	} {
		for want, list := range map[bool]string{false: c.no, true: c.yes} {
			for version := range strings.FieldsSeq(list) {
				if got := parse(t, version).SavesWith(c.status); got != want {
					t.Errorf("SavesWith(%d) of %s: %v, want %v", c.status, version, got, want)
				}
			}
		}
	}
}

func TestPickleProtocolFollowsFromTheOldestPython(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"1.11.99": 2, "2.0": 4, "3.2.99": 4, "4.0": 5, "6.1": 5} {
		if got := parse(t, version).PickleProtocol(); got != want {
			t.Errorf("%s: %d, want %d", version, got, want)
		}
	}
}

func TestCookieDates(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"2.0.99": "Mon, 02-Jan-2006 15:04:05 GMT", "2.1": "Mon, 02 Jan 2006 15:04:05 GMT",
	} {
		if got := parse(t, version).CookieDate(); got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

func TestVersionsAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want release.Release // the zero value if it is refused
	}{
		{text: "", want: parse(t, release.Newest)},
		{text: "5.2.19", want: release.Release{5, 2, 19}},
		{text: "5.2", want: release.Release{5, 2, 0}},
		{text: "7", want: release.Release{7, 0, 0}},
		{text: "6.1rc1", want: release.Release{6, 1, 0}},
		{text: "6.1rc1.5", want: release.Release{6, 1, 0}},
		{text: "6.1a1.dev3", want: release.Release{6, 1, 0}},
		{text: "6.2.dev20261101", want: release.Release{6, 2, 0}},
		{text: "4.2.30.1", want: release.Release{4, 2, 30}},
		{text: "1.4", want: release.Release{1, 4, 0}},
		{text: "1.3.99"},
		{text: "0.96"},
		{text: "x"},
		{text: ".2"},
		{text: "v5.2"},
		{text: "99999999999999999999.1"},
		{text: "5.99999999999999999999"},
	} {
		got, err := release.Parse(test.text)
		if got != test.want || (err != nil) != (test.want == release.Release{}) {
			t.Errorf("%q: %v, %v; want %v", test.text, got, err, test.want)
		}
	}
}

func parse(t *testing.T, version string) release.Release {
	t.Helper()
	r, err := release.Parse(version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
