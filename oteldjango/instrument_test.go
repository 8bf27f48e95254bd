package oteldjango_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/oteldjango"
	"github.com/djangobridge/djangobridge/oteldjango/internal/exercise"
	"github.com/djangobridge/djangobridge/signing"
)

// exercised runs the site and returns what an SDK got, and what must not be in it.
func exercised(t *testing.T) (tracetest.SpanStubs, metricdata.ResourceMetrics, []string) {
	t.Helper()
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	secrets := exercise.Run(t, oteldjango.Config{
		TracerProvider: trace.NewTracerProvider(trace.WithSyncer(spans)),
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(reader)),
	})
	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &metrics); err != nil {
		t.Fatal(err)
	}
	return spans.GetSpans(), metrics, secrets
}

// series returns the series of this package, as "name{attributes} unit", and how often
// each was counted.
func series(t *testing.T, metrics metricdata.ResourceMetrics) map[string]uint64 {
	t.Helper()
	found := map[string]uint64{}
	for _, scope := range metrics.ScopeMetrics {
		if scope.Scope.Name != oteldjango.ScopeName {
			continue
		}
		for _, m := range scope.Metrics {
			add := func(set attribute.Set, n uint64) {
				found[fmt.Sprintf("%s{%s} %s", m.Name, set.Encoded(attribute.DefaultEncoder()), m.Unit)] = n
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, uint64(p.Value))
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Count)
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	return found
}

// TestMetricsCountWhatTheSiteDoes has the number of each thing that the requests of
// package exercise do.
func TestMetricsCountWhatTheSiteDoes(t *testing.T) {
	t.Parallel()
	_, metrics, _ := exercised(t)
	want := map[string]uint64{
		"djangobridge.session.load.duration{djangobridge.outcome=ok} s":                                                    11,
		"djangobridge.session.load.duration{djangobridge.outcome=missing} s":                                               2, // after a logout, and a deletion elsewhere
		"djangobridge.session.load.duration{djangobridge.outcome=corrupt} s":                                               1,
		"djangobridge.session.load.duration{djangobridge.outcome=outdated} s":                                              1,
		"djangobridge.session.load.duration{djangobridge.outcome=failed} s":                                                2,
		"djangobridge.session.store.duration{djangobridge.operation=create,djangobridge.outcome=ok} s":                     4, // two visitors, two logins
		"djangobridge.session.store.duration{djangobridge.operation=merge,djangobridge.outcome=ok} s":                      6,
		"djangobridge.session.store.duration{djangobridge.operation=merge,djangobridge.outcome=gone} s":                    1,
		"djangobridge.session.store.duration{djangobridge.operation=merge,djangobridge.outcome=failed} s":                  1,
		"djangobridge.session.store.duration{djangobridge.operation=cycle_key,djangobridge.outcome=ok} s":                  1,
		"djangobridge.session.store.duration{djangobridge.operation=delete,djangobridge.outcome=ok} s":                     3, // logout, wrong hash, elsewhere
		"djangobridge.session.saves{djangobridge.save.reason=modified,djangobridge.session.created=true} {session}":        2,
		"djangobridge.session.saves{djangobridge.save.reason=modified,djangobridge.session.created=false} {session}":       5,
		"djangobridge.session.saves{djangobridge.save.reason=late,djangobridge.session.created=false} {session}":           1,
		"djangobridge.session.saves{djangobridge.save.reason=cookie_deleted,djangobridge.session.created=false} {session}": 3,
		"djangobridge.session.conflicts{djangobridge.conflict=gone} {conflict}":                                            1,
		"djangobridge.session.conflicts{djangobridge.conflict=retried} {conflict}":                                         6, // one for each merge
		"djangobridge.session.conflicts{djangobridge.conflict=foreign_cookie} {conflict}":                                  1,
		"djangobridge.session.undecodable{error.type=bad_signature} {session}":                                             1,
		"djangobridge.session.undecodable{error.type=outdated} {session}":                                                  1,
		"djangobridge.session.errors{error.type=gone} {error}":                                                             1,
		"djangobridge.session.errors{error.type=_OTHER} {error}":                                                           1,
		"djangobridge.session.errors{error.type=header_sent} {error}":                                                      1,
		"djangobridge.session.errors{error.type=foreign_cookie} {error}":                                                   1,
		"djangobridge.auth.duration{djangobridge.operation=authenticate,djangobridge.outcome=ok} s":                        2,
		"djangobridge.auth.duration{djangobridge.operation=authenticate,djangobridge.outcome=refused} s":                   2,
		"djangobridge.auth.duration{djangobridge.operation=login,djangobridge.outcome=ok} s":                               2,
		"djangobridge.auth.duration{djangobridge.operation=logout,djangobridge.outcome=ok} s":                              1,
		"djangobridge.auth.duration{djangobridge.operation=check,djangobridge.outcome=ok} s":                               1,
		"djangobridge.auth.duration{djangobridge.operation=check,djangobridge.outcome=bad_hash} s":                         1,
		"djangobridge.cache.errors{error.type=_OTHER} {error}":                                                             1,
		"djangobridge.messages.errors{error.type=_OTHER} {error}":                                                          1,
	}
	got := series(t, metrics)
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != want[name] {
			t.Errorf("%s: %d, want %d", name, got[name], want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

func TestSpansAreChildrenOfTheRequest(t *testing.T) {
	t.Parallel()
	spans, _, _ := exercised(t)
	requests := map[string]tracetest.SpanStub{}
	for _, s := range spans {
		if s.SpanKind == oteltrace.SpanKindServer {
			requests[s.SpanContext.SpanID().String()] = s
		}
	}
	found := map[string]int{}
	for _, s := range spans {
		if s.InstrumentationScope.Name != oteldjango.ScopeName {
			continue
		}
		found[s.Name]++
		request, ok := requests[s.Parent.SpanID().String()]
		if !ok || s.StartTime.Before(request.StartTime) || s.EndTime.After(request.EndTime) || s.EndTime.Before(s.StartTime) {
			t.Errorf("%s is not within a request", s.Name)
		}
		outcome := ""
		for _, a := range s.Attributes {
			if a.Key == "djangobridge.outcome" {
				outcome = a.Value.AsString()
			}
		}
		failed := outcome == "failed" || outcome == "corrupt" || outcome == "outdated"
		if failed != (s.Status.Code == codes.Error) || s.Status.Description != "" {
			t.Errorf("%s with outcome %q has status %v %q", s.Name, outcome, s.Status.Code, s.Status.Description)
		}
	}
	want := map[string]int{
		"session load": 17, "session create": 4, "session merge": 8, "session cycle_key": 1, "session delete": 3,
		"auth authenticate": 4, "auth login": 2, "auth logout": 1, "auth check": 2,
	}
	if !maps.Equal(found, want) {
		t.Errorf("spans %v, want %v", found, want)
	}
}

func TestNoSecretIsExported(t *testing.T) {
	t.Parallel()
	spans, metrics, secrets := exercised(t)
	var all bytes.Buffer
	for _, exported := range []any{spans.Snapshots(), spans, metrics} {
		fmt.Fprintf(&all, "%+v", exported)
	}
	if !strings.Contains(all.String(), "bad_signature") || len(secrets) < 15 {
		t.Fatalf("the search does not work: %d secrets, %d bytes", len(secrets), all.Len())
	}
	for _, secret := range secrets {
		if strings.Contains(all.String(), secret) {
			t.Errorf("exported: %s", secret)
		}
	}
}

// TestErrorsAreCountedFromZero checks that the series exist before the first error: a
// query for an increase does not see a series that begins with 1.
func TestErrorsAreCountedFromZero(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	var o djangobridge.Options
	if err := oteldjango.Instrument(&o, oteldjango.Config{MeterProvider: metric.NewMeterProvider(metric.WithReader(reader))}); err != nil {
		t.Fatal(err)
	}
	var before metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &before); err != nil {
		t.Fatal(err)
	}
	found := series(t, before)
	_, after, _ := exercised(t)
	for name := range series(t, after) {
		if n, ok := found[name]; strings.Contains(name, "{error.type=") || strings.Contains(name, "{djangobridge.conflict=") {
			if !ok || n != 0 {
				t.Errorf("%s: %d, %t, want 0", name, n, ok)
			}
		}
	}
	for _, reason := range []signing.Reason{
		signing.Malformed, signing.BadSignature, signing.SignatureExpired, signing.BadCompression, signing.BadSerialization,
	} {
		o.Sessions.OnLoadError(t.Context(), &djangosession.DecodeError{Reason: reason})
	}
	o.Sessions.OnLoadError(t.Context(), &djangosession.DecodeError{Reason: signing.TooLarge, Err: djangosession.ErrMaxInflated})
	o.Sessions.OnError(t.Context(), djangosession.ErrMaxInflated)
	o.Sessions.OnLoadError(t.Context(), djangosession.ErrUnknownFormat)
	o.Sessions.OnLoadError(t.Context(), djangosession.ErrOutdatedSettings)
	o.Sessions.OnLoadError(t.Context(), context.Canceled)
	var undecodable metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &undecodable); err != nil {
		t.Fatal(err)
	}
	for name := range series(t, undecodable) {
		if _, ok := found[name]; !ok {
			t.Errorf("%s does not begin with 0", name)
		}
	}
	counted := series(t, undecodable)
	for _, name := range []string{
		"djangobridge.session.undecodable{error.type=too_large} {session}", "djangobridge.session.errors{error.type=too_large} {error}",
	} {
		if counted[name] != 1 {
			t.Errorf("%s: %d, want 1", name, counted[name])
		}
	}
}

// TestHooksOfTheServiceAreKept checks that hooks that were set before are called too, and
// first.
func TestHooksOfTheServiceAreKept(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	var o djangobridge.Options
	count := func(ctx context.Context) uint64 {
		var metrics metricdata.ResourceMetrics
		if err := reader.Collect(ctx, &metrics); err != nil {
			t.Error(err)
		}
		return series(t, metrics)["djangobridge.session.load.duration{djangobridge.outcome=ok} s"]
	}
	before := uint64(1)
	o.Sessions.OnLoad = func(ctx context.Context, _ djangosession.LoadEvent) { before = count(ctx) }
	if err := oteldjango.Instrument(&o, oteldjango.Config{MeterProvider: metric.NewMeterProvider(metric.WithReader(reader))}); err != nil {
		t.Fatal(err)
	}
	o.Sessions.OnLoad(t.Context(), djangosession.LoadEvent{Outcome: djangosession.OutcomeOK})
	if after := count(t.Context()); before != 0 || after != 1 {
		t.Errorf("%d loads in the hook of the service, want 0; %d after it, want 1", before, after)
	}
	if err := oteldjango.Instrument(nil, oteldjango.Config{}); err == nil {
		t.Error("no error without options")
	}
}
