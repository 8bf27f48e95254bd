package oteldjango_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/djangobridge/djangobridge/oteldjango"
	"github.com/djangobridge/djangobridge/oteldjango/internal/exercise"
)

// scraped runs the site and returns the labels of each metric that Prometheus gets, with
// their values.
func scraped(t *testing.T) map[string]map[string][]string {
	t.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	exercise.Run(t, oteldjango.Config{
		TracerProvider: trace.NewTracerProvider(), MeterProvider: metric.NewMeterProvider(metric.WithReader(exporter)),
	})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string][]string{}
	add := func(name, label, value string) {
		if found[name] == nil {
			found[name] = map[string][]string{}
		}
		found[name][label] = append(found[name][label], value)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			names := []string{family.GetName()}
			if m.GetHistogram() != nil {
				names = []string{family.GetName() + "_count", family.GetName() + "_bucket", family.GetName() + "_sum"}
				add(family.GetName()+"_bucket", "le", "")
			}
			for _, name := range names {
				for _, label := range m.GetLabel() {
					add(name, label.GetName(), label.GetValue())
				}
			}
		}
	}
	return found
}

var (
	metricName = regexp.MustCompile(`djangobridge_\w+`)
	selector   = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	selection  = regexp.MustCompile(`(\w+)\{([^}]*)\}`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	legend     = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// TestDashboardShowsWhatIsExported checks each query of the dashboard against the output
// of the exporter for Prometheus: the metric, its labels, and the values that are
// compared.
func TestDashboardShowsWhatIsExported(t *testing.T) {
	t.Parallel()
	found, queries := scraped(t), 0
	shown := map[string]bool{}
	for _, target := range dashboardTargets(t) {
		queries++
		for _, complaint := range complaints(found, target) {
			t.Error(complaint)
		}
		for _, name := range metricName.FindAllString(selection.ReplaceAllString(target.Expr, "$1 "), -1) {
			shown[name] = true
		}
	}
	if queries < 15 {
		t.Errorf("%d queries only", queries)
	}
	for name := range found {
		isOurs := strings.HasPrefix(name, "djangobridge_") && !strings.HasSuffix(name, "_sum")
		if isOurs && !shown[name] {
			t.Errorf("%s is not in the dashboard", name)
		}
	}
}

// target is a query of a panel.
type target struct {
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
}

func dashboardTargets(t *testing.T) []target {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string   `json:"title"`
			Targets []target `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var all []target
	for _, p := range dashboard.Panels {
		all = append(all, p.Targets...)
	}
	return all
}

// complaints says what a query refers to and is not exported.
func complaints(found map[string]map[string][]string, q target) (all []string) {
	selections := selection.FindAllStringSubmatch(q.Expr, -1)
	if len(selections) != 1 {
		return []string{q.Expr + ": want one metric"}
	}
	name := selections[0][1]
	labels, ok := found[name]
	if !ok {
		return []string{name + " is not exported"}
	}
	for _, s := range selector.FindAllStringSubmatch(selections[0][2], -1) {
		label, operator, value := s[1], s[2], s[3]
		switch {
		case label == "job": // which Prometheus adds
		case labels[label] == nil:
			all = append(all, name+" has no label "+label)
		case operator == "=" && !slices.Contains(labels[label], value):
			all = append(all, name+" has no "+label+"="+value)
		}
	}
	for _, pattern := range []*regexp.Regexp{grouping, legend} {
		for _, group := range pattern.FindAllStringSubmatch(q.Expr+q.LegendFormat, -1) {
			for label := range strings.SplitSeq(group[1], ", ") {
				if labels[label] == nil {
					all = append(all, name+" has no label "+label)
				}
			}
		}
	}
	return all
}

// TestBrokenQueriesAreFound breaks each kind of query once.
func TestBrokenQueriesAreFound(t *testing.T) {
	t.Parallel()
	found := scraped(t)
	const loads = "djangobridge_session_load_duration_seconds_count"
	for _, q := range []target{
		{Expr: "rate(djangobridge_nothing{}[5m])"},
		{Expr: "rate(" + loads + `{nothing="ok"}[5m])`},
		{Expr: "rate(" + loads + `{djangobridge_outcome="nothing"}[5m])`},
		{Expr: "sum by (nothing) (rate(" + loads + "{}[5m]))"},
		{Expr: "rate(" + loads + "{}[5m])", LegendFormat: "{{nothing}}"},
	} {
		if len(complaints(found, q)) != 1 {
			t.Errorf("%v: %q", q, complaints(found, q))
		}
	}
}
