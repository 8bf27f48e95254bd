package djangosession

import (
	"fmt"
	"strconv"
	"strings"
)

// NewestRelease is the Django release that is assumed where none is named.
const NewestRelease = "6.1"

// release is a Django release as major, minor and patch number.
type release [3]int

// parseRelease reads "5.2.19", "5.2", "6.1rc1" and the like: what comes after the numbers is passed over.
func parseRelease(s string) (release, error) {
	if s == "" {
		s = NewestRelease
	}
	var r release
	for i, part := range strings.SplitN(s, ".", len(r)) {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		if i > 0 && digits == 0 {
			break // "6.2.dev20261101"
		}
		n, err := strconv.Atoi(part[:digits])
		if err != nil {
			return release{}, &SettingError{Setting: "DJANGO_VERSION", Problem: fmt.Sprintf("%q is no release", s)}
		}
		r[i] = n
		if digits < len(part) {
			break
		}
	}
	if !r.atLeast(1, 4, 0) {
		return release{}, &SettingError{Setting: "DJANGO_VERSION", Problem: "signed sessions begin with Django 1.4"}
	}
	return r, nil
}

func (r release) atLeast(major, minor, patch int) bool {
	for i, n := range [3]int{major, minor, patch} {
		if r[i] != n {
			return r[i] > n
		}
	}
	return true
}

// hasDumpsLayout: sessions are what signing.dumps writes, with SHA-256.
func (r release) hasDumpsLayout() bool { return r.atLeast(3, 1, 0) }

// readsLegacyLayout: sessions of before 3.1, and SHA-1 signatures, are still read.
func (r release) readsLegacyLayout() bool { return !r.atLeast(4, 0, 0) }

// hasFallbackKeys: SECRET_KEY_FALLBACKS counts.
func (r release) hasFallbackKeys() bool { return r.atLeast(4, 1, 0) }

// hasISOExpiry: set_expiry stores a point in time as text.
func (r release) hasISOExpiry() bool { return r.atLeast(4, 1, 0) }

// hasPickleSerializer: Django itself has the class PickleSerializer.
func (r release) hasPickleSerializer() bool { return !r.atLeast(5, 0, 0) }

// needsPython3: the release does not run on Python 2.
func (r release) needsPython3() bool { return r.atLeast(2, 0, 0) }

// hasTimezoneFixedOffset: django.utils.timezone has the class FixedOffset, which was in
// django.utils.tzinfo alone before.
func (r release) hasTimezoneFixedOffset() bool { return r.atLeast(1, 7, 0) }

// pickleProtocol is the highest protocol that each Python has which the release runs on.
func (r release) pickleProtocol() int {
	switch {
	case !r.needsPython3():
		return 2
	case !r.atLeast(4, 0, 0):
		return 4 // Python 3.8 has 5, and 3.2 runs on 3.6 too
	}
	return 5
}

// serializerByDefault is the default of SESSION_SERIALIZER, and what there was before that setting.
func (r release) serializerByDefault() string {
	if !r.atLeast(1, 6, 0) {
		return pickleSerializerPath
	}
	return jsonSerializerPath
}

// usesTZByDefault is the default of USE_TZ.
func (r release) usesTZByDefault() bool { return r.atLeast(5, 0, 0) }

// hasCookieSaltV2: signed cookies have the unambiguous salt.
func (r release) hasCookieSaltV2() bool {
	return r.atLeast(6, 0, 6) || r.atLeast(5, 2, 15) && !r.atLeast(6, 0, 0)
}

// acceptsOldCookieSaltByDefault is the default of SIGNED_COOKIE_LEGACY_SALT_FALLBACK.
func (r release) acceptsOldCookieSaltByDefault() bool { return !r.atLeast(6, 1, 0) }

// AtLeast reports whether the site runs this Django release or a later one. It is false for a DjangoVersion that
// [Settings.Check] refuses.
func (s *Settings) AtLeast(major, minor, patch int) bool {
	r, err := parseRelease(s.DjangoVersion)
	return err == nil && r.atLeast(major, minor, patch)
}
