package djangosession

import "github.com/djangobridge/djangobridge/internal/release"

// NewestRelease is the Django release that is assumed if none is given.
const NewestRelease = release.Newest

// parseRelease parses a DJANGO_VERSION. The error is a [*SettingError].
func parseRelease(version string) (release.Release, error) {
	r, err := release.Parse(version)
	if err != nil {
		return r, &SettingError{Setting: "DJANGO_VERSION", Problem: err.Error()}
	}
	return r, nil
}

// serializerByDefault returns the default of SESSION_SERIALIZER, or the serializer of
// releases without that setting.
func serializerByDefault(r release.Release) string {
	if r.UsesJSONByDefault() {
		return jsonSerializerPath
	}
	return pickleSerializerPath
}

// AtLeast reports whether the site runs this Django release or a later one. It is false
// for a DjangoVersion that [Settings.Check] refuses.
func (s *Settings) AtLeast(major, minor, patch int) bool {
	r, err := parseRelease(s.DjangoVersion)
	return err == nil && r.AtLeast(major, minor, patch)
}
