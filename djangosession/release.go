package djangosession

import "github.com/djangobridge/djangobridge/internal/release"

// NewestRelease is the Django release that is assumed where none is named.
const NewestRelease = release.Newest

// parseRelease reads a DJANGO_VERSION. The error is a [*SettingError].
func parseRelease(version string) (release.Release, error) {
	r, err := release.Parse(version)
	if err != nil {
		return r, &SettingError{Setting: "DJANGO_VERSION", Problem: err.Error()}
	}
	return r, nil
}

// serializerByDefault is the default of SESSION_SERIALIZER, and what there was before that
// setting.
func serializerByDefault(r release.Release) string {
	if r.UsesJSONByDefault() {
		return jsonSerializerPath
	}
	return pickleSerializerPath
}

// AtLeast reports whether the site runs this Django release or a later one. It is false for
// a DjangoVersion that [Settings.Check] refuses.
func (s *Settings) AtLeast(major, minor, patch int) bool {
	r, err := parseRelease(s.DjangoVersion)
	return err == nil && r.AtLeast(major, minor, patch)
}
