package djangosession_test

import (
	"errors"
	"math"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func TestManagersRefuseSharesOutsideZeroToOne(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("secret")
	engine, err := memory.New(settings)
	must(err)
	for share, want := range map[float64]bool{0: true, 0.5: true, 1: true, -0.01: false, 1.01: false, math.Inf(1): false, math.NaN(): false} {
		_, err := djangosession.NewManager(engine, settings, djangosession.Options{RenewBelow: share})
		refused, ok := errors.AsType[*djangosession.SettingError](err)
		if ok == want || ok && refused.Setting != "Options.RenewBelow" {
			t.Errorf("RenewBelow %v: %v", share, err)
		}
	}
}

func TestSettingsNeedARelease(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"five", "-5.2", ".2", "1.3"} {
		s, err := djangosession.NewSettingsFor(version, "secret")
		refused, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || refused.Setting != "DJANGO_VERSION" || s.SecretKey != "" {
			t.Errorf("%q: settings for %q, %v", version, s.DjangoVersion, err)
		}
	}
}

// dateless is an engine that may not know when sessions end.
type dateless struct {
	djangosession.Engine

	knows bool
}

func (d dateless) ReportsExpiry() bool { return d.knows }

func TestRenewalNeedsAnEngineThatKnowsWhenSessionsEnd(t *testing.T) {
	t.Parallel()
	s := djangosession.NewSettings("a secret key")
	store, err := memory.New(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		engine     djangosession.Engine
		renewBelow float64
		want       error
	}{
		{engine: dateless{Engine: store}, renewBelow: 0.5, want: djangosession.ErrNoExpiry},
		{engine: dateless{Engine: store}, renewBelow: 0},
		{engine: dateless{Engine: store, knows: true}, renewBelow: 0.5},
		{engine: store, renewBelow: 0.5},
	} {
		if _, err := djangosession.NewManager(c.engine, s, djangosession.Options{RenewBelow: c.renewBelow}); !errors.Is(err, c.want) {
			t.Errorf("%T, RenewBelow %v: error %v, want %v", c.engine, c.renewBelow, err, c.want)
		}
	}
}
