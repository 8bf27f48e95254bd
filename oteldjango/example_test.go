package oteldjango_test

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/oteldjango"
)

// A service whose metrics Prometheus collects from /metrics. Here the site is in memory;
// a service calls djangobridge.Open with its settings file and its database instead.
func Example() {
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		log.Fatal(err)
	}
	metrics := metric.NewMeterProvider(metric.WithReader(exporter))

	o := inMemory()
	if err := oteldjango.Instrument(&o, oteldjango.Config{MeterProvider: metrics}); err != nil {
		log.Fatal(err)
	}
	site, err := djangobridge.New(djangosession.NewSettings("a secret for the example"), o)
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /visits", func(w http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, "no session", http.StatusServiceUnavailable)
			return
		}
		visits, _ := s.Get("visits")
		n, _ := visits.(int64)
		s.Set("visits", n+1)
		_, _ = fmt.Fprintf(w, "visit %d\n", n+1)
	})
	server := httptest.NewServer(otelhttp.NewHandler(site.Middleware(mux), "visits", otelhttp.WithMeterProvider(metrics)))
	defer server.Close()
	internal := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})) // another port: it is not for visitors
	defer internal.Close()

	page, err := get(server.URL + "/visits")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(page)
	scrape, err := get(internal.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(scrape) {
		if name, ok := strings.CutPrefix(line, "djangobridge_session_"); ok && strings.HasPrefix(name, "saves") {
			fmt.Print(name)
		}
	}
	// Output:
	// visit 1
	// saves_total{djangobridge_save_reason="modified",djangobridge_session_created="true"} 1
}

// inMemory returns the options of a site without a database.
func inMemory() djangobridge.Options {
	o := djangobridge.Options{
		Users:      memory.NewUsers(),
		OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
	}
	o.Sessions.Logger = slog.New(slog.DiscardHandler)
	return o
}

func get(url string) (string, error) {
	response, err := http.Get(url) //nolint:noctx // a server of the example
	if err != nil {
		return "", err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
