package oteldjango

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/djangobridge/djangobridge"
)

// ScopeName is the name of the instrumentation scope of all metrics and spans.
const ScopeName = "github.com/djangobridge/djangobridge/oteldjango"

// Config names what receives metrics and spans. The zero value is a good choice for
// programs that register theirs globally.
type Config struct {
	// TracerProvider makes the spans; otel.GetTracerProvider() if nil.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics; otel.GetMeterProvider() if nil.
	MeterProvider metric.MeterProvider
}

var errNoOptions = errors.New("oteldjango: the options are nil")

// Instrument sets the hooks of o, and begins the counters of errors with 0. Hooks that are
// set already are called first. Call it once, after otel.SetMeterProvider, and then
// [djangobridge.Open] or [djangobridge.New]; programs that create the parts themselves
// pass o.Sessions, o.Auth, o.Cache and o.Messages to them. The error is the
// MeterProvider's.
func Instrument(o *djangobridge.Options, c Config) error {
	if o == nil {
		return errNoOptions
	}
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	i, err := newInstruments(c)
	if err != nil {
		return err
	}
	o.Sessions.OnLoad = then(o.Sessions.OnLoad, i.load)
	o.Sessions.OnStore = then(o.Sessions.OnStore, i.store)
	o.Sessions.OnSave = then(o.Sessions.OnSave, i.save)
	o.Sessions.OnLoadError = then(o.Sessions.OnLoadError, i.undecodable)
	o.Sessions.OnError = then(o.Sessions.OnError, i.sessionError)
	o.Auth.OnEvent = then(o.Auth.OnEvent, i.login)
	o.Cache.OnError = then(o.Cache.OnError, i.cacheError)
	o.Messages.OnError = then(o.Messages.OnError, i.messagesError)
	return nil
}

// then returns a hook that calls both. The first may be nil.
func then[E any](first, second func(context.Context, E)) func(context.Context, E) {
	if first == nil {
		return second
	}
	return func(ctx context.Context, e E) {
		first(ctx, e)
		second(ctx, e)
	}
}
