package oteldjango

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// instruments are the tracer and the metrics of one call of [Instrument].
type instruments struct {
	tracer trace.Tracer

	loadDuration, storeDuration, loginDuration metric.Float64Histogram
	saves, conflicts, undecodables             metric.Int64Counter
	sessionErrors, cacheErrors, lostMessages   metric.Int64Counter
}

// buckets returns the boundaries of the histograms, in seconds. A cache on the same
// machine answers in 0.1 ms, and a password takes half a second.
func buckets() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

func newInstruments(c Config) (*instruments, error) {
	meter := c.MeterProvider.Meter(ScopeName)
	var errs []error
	counter := func(name, unit, description string) metric.Int64Counter {
		m, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return m
	}
	duration := func(name, description string) metric.Float64Histogram {
		m, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(buckets()...))
		errs = append(errs, err)
		return m
	}
	i := &instruments{
		tracer:        c.TracerProvider.Tracer(ScopeName),
		loadDuration:  duration("djangobridge.session.load.duration", "Duration of loads of sessions."),
		storeDuration: duration("djangobridge.session.store.duration", "Duration of attempts to store or delete a session."),
		loginDuration: duration("djangobridge.auth.duration", "Duration of logins, logouts, and checks of passwords and logins."),
		saves:         counter("djangobridge.session.saves", "{session}", "Sessions saved by the middleware, and cookies deleted."),
		conflicts:     counter("djangobridge.session.conflicts", "{conflict}", "Conflicts with another writer of the same session."),
		undecodables:  counter("djangobridge.session.undecodable", "{session}", "Stored sessions that do not decode."),
		sessionErrors: counter("djangobridge.session.errors", "{error}", "Sessions that the middleware could not save."),
		cacheErrors:   counter("djangobridge.cache.errors", "{error}", "Errors of the cache that cached_db survived."),
		lostMessages:  counter("djangobridge.messages.errors", "{error}", "Responses whose messages could not be stored."),
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("oteldjango: create the metrics: %w", err)
	}
	i.beginWithZero()
	return i, nil
}

// beginWithZero makes the series of errors and conflicts. Prometheus sees no increase in
// a series that begins with 1, and an alert would miss the first error.
func (i *instruments) beginWithZero() {
	for _, c := range []struct {
		counter metric.Int64Counter
		key     attribute.Key
		values  []string
	}{
		{i.conflicts, conflictKey, []string{conflictGone, conflictRetried, conflictForeign}},
		{i.undecodables, errorKey, decodeErrorTypes()},
		{i.sessionErrors, errorKey, errorTypes()},
		{i.cacheErrors, errorKey, errorTypes()},
		{i.lostMessages, errorKey, errorTypes()},
	} {
		for _, value := range c.values {
			c.counter.Add(context.Background(), 0, metric.WithAttributes(c.key.String(value)))
		}
	}
}
