package signedcookies_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		s.SessionEngine = cookieEngine
		return enginetest.Backend{
			Engine: newEngine(t, s),
			Lacks:  enginetest.Lacks{Store: true, Text: true, Merge: true, List: true, Clear: true},
		}
	})
}
