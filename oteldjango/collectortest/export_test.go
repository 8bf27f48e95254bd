package collectortest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/djangobridge/djangobridge/oteldjango"
	"github.com/djangobridge/djangobridge/oteldjango/internal/exercise"
)

// export sends what the site reports to a collector. It returns what the collector has
// exported, and what must not be in it.
func export(t *testing.T) (exported []byte, secrets []string) {
	t.Helper()
	endpoint, stop := startCollector(t)
	spans, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(endpoint), otlptracehttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(endpoint), otlpmetrichttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	tracer := trace.NewTracerProvider(trace.WithBatcher(spans))
	meter := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics)))
	secrets = exercise.Run(t, oteldjango.Config{TracerProvider: tracer, MeterProvider: meter})
	if err := tracer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := meter.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	return stop(), secrets
}

// TestCollectorReceivesMetricsAndSpans has names and units of all metrics, and names and
// parents of all spans, as the collector decoded them.
func TestCollectorReceivesMetricsAndSpans(t *testing.T) {
	t.Parallel()
	exported, secrets := export(t)
	units, points := map[string]string{}, map[string]uint64{}
	var spans []ptrace.Span
	for line := range bytes.Lines(exported) {
		metrics, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
		if err != nil {
			t.Fatal(err)
		}
		readMetrics(t, metrics, units, points)
		traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, readSpans(traces)...)
	}
	wantUnits := map[string]string{
		"djangobridge.session.load.duration": "s", "djangobridge.session.store.duration": "s", "djangobridge.auth.duration": "s",
		"djangobridge.session.saves": "{session}", "djangobridge.session.undecodable": "{session}",
		"djangobridge.session.conflicts": "{conflict}", "djangobridge.session.errors": "{error}",
		"djangobridge.cache.errors": "{error}", "djangobridge.messages.errors": "{error}",
	}
	if !maps.Equal(units, wantUnits) {
		t.Errorf("metrics %v, want %v", units, wantUnits)
	}
	for name, want := range map[string]uint64{ // how often package exercise does these
		"djangobridge.session.load.duration ok":           11,
		"djangobridge.session.load.duration failed":       2,
		"djangobridge.session.store.duration merge gone":  1,
		"djangobridge.session.conflicts retried":          6,
		"djangobridge.session.undecodable bad_signature":  1,
		"djangobridge.auth.duration authenticate refused": 2, // failed logins
		"djangobridge.auth.duration check bad_hash":       1, // a refused login
		"djangobridge.session.saves modified true":        2,
		"djangobridge.cache.errors _OTHER":                1,
	} {
		if points[name] != want {
			t.Errorf("%s: %d, want %d", name, points[name], want)
		}
	}
	checkParents(t, spans)
	if !bytes.Contains(exported, []byte("bad_signature")) || len(secrets) < 15 {
		t.Fatalf("the search for secrets does not work: %d secrets", len(secrets))
	}
	for _, secret := range secrets {
		if bytes.Contains(exported, []byte(secret)) {
			t.Errorf("exported: %s", secret)
		}
	}
}

// readMetrics adds the units of this package's metrics, and how often each series was
// counted, by the values of its attributes in the order of their names.
func readMetrics(t *testing.T, metrics pmetric.Metrics, units map[string]string, points map[string]uint64) {
	t.Helper()
	add := func(name string, attributes pcommon.Map, n uint64) {
		all := attributes.AsRaw()
		words := append(make([]string, 0, 1+len(all)), name)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			words = append(words, fmt.Sprint(all[key]))
		}
		points[strings.Join(words, " ")] += n
	}
	for _, resource := range metrics.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			if scope.Scope().Name() != oteldjango.ScopeName {
				continue
			}
			for _, m := range scope.Metrics().All() {
				units[m.Name()] = m.Unit()
				switch m.Type() {
				case pmetric.MetricTypeSum:
					for _, p := range m.Sum().DataPoints().All() {
						add(m.Name(), p.Attributes(), uint64(p.IntValue()))
					}
				case pmetric.MetricTypeHistogram:
					for _, p := range m.Histogram().DataPoints().All() {
						add(m.Name(), p.Attributes(), p.Count())
					}
				default:
					t.Errorf("%s is a %v", m.Name(), m.Type())
				}
			}
		}
	}
}

func readSpans(traces ptrace.Traces) (spans []ptrace.Span) {
	for _, resource := range traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				spans = append(spans, span)
			}
		}
	}
	return spans
}

// checkParents checks that each span except those of the requests is a child of a
// request's.
func checkParents(t *testing.T, spans []ptrace.Span) {
	t.Helper()
	requests := map[pcommon.SpanID]pcommon.TraceID{}
	for _, s := range spans {
		if s.Kind() == ptrace.SpanKindServer {
			requests[s.SpanID()] = s.TraceID()
		}
	}
	found := map[string]int{}
	for _, s := range spans {
		if s.Kind() == ptrace.SpanKindServer {
			continue
		}
		found[s.Name()]++
		if id, ok := requests[s.ParentSpanID()]; !ok || id != s.TraceID() || s.Kind() != ptrace.SpanKindInternal {
			t.Errorf("%s is not a child of a request", s.Name())
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
