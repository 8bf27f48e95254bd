package oteldjango

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Names of attributes.
const (
	outcomeKey   = attribute.Key("djangobridge.outcome")
	operationKey = attribute.Key("djangobridge.operation")
	reasonKey    = attribute.Key("djangobridge.save.reason")
	createdKey   = attribute.Key("djangobridge.session.created")
	conflictKey  = attribute.Key("djangobridge.conflict")
	errorKey     = attribute.Key("error.type") // of the semantic conventions
)

// The values of djangobridge.conflict.
const (
	conflictGone    = "gone"           // the session was deleted, usually by a logout elsewhere
	conflictRetried = "retried"        // another writer came first, and the operation was tried again
	conflictForeign = "foreign_cookie" // see djangosession.ErrForeignCookie
)

func (i *instruments) load(ctx context.Context, e djangosession.LoadEvent) {
	attributes := attribute.NewSet(outcomeKey.String(string(e.Outcome)))
	ctx = i.span(ctx, "session load", e.Start, e.Duration, attributes, failed(e.Outcome))
	i.loadDuration.Record(ctx, e.Duration.Seconds(), metric.WithAttributeSet(attributes))
}

func (i *instruments) store(ctx context.Context, e djangosession.StoreEvent) {
	attributes := attribute.NewSet(operationKey.String(string(e.Operation)), outcomeKey.String(string(e.Outcome)))
	ctx = i.span(ctx, "session "+string(e.Operation), e.Start, e.Duration, attributes, failed(e.Outcome))
	i.storeDuration.Record(ctx, e.Duration.Seconds(), metric.WithAttributeSet(attributes))
	if e.Outcome == djangosession.OutcomeGone {
		i.conflict(ctx, 1, conflictGone)
	}
	if e.Attempts > 1 {
		i.conflict(ctx, e.Attempts-1, conflictRetried)
	}
}

// failed reports whether the outcome of a call to the engine is an error of the service
// or its settings.
func failed(o djangosession.Outcome) bool {
	return o == djangosession.OutcomeFailed || o == djangosession.OutcomeOutdated || o == djangosession.OutcomeCorrupt
}

func (i *instruments) conflict(ctx context.Context, n int, kind string) {
	i.conflicts.Add(ctx, int64(n), metric.WithAttributes(conflictKey.String(kind)))
}

func (i *instruments) save(ctx context.Context, e djangosession.SaveEvent) {
	i.saves.Add(ctx, 1, metric.WithAttributes(reasonKey.String(string(e.Reason)), createdKey.Bool(e.Created)))
}

func (i *instruments) undecodable(ctx context.Context, err error) {
	i.undecodables.Add(ctx, 1, metric.WithAttributes(errorKey.String(decodeErrorType(err))))
}

func (i *instruments) sessionError(ctx context.Context, err error) {
	i.sessionErrors.Add(ctx, 1, metric.WithAttributes(errorKey.String(errorType(err))))
	if errors.Is(err, djangosession.ErrForeignCookie) {
		i.conflict(ctx, 1, conflictForeign)
	}
}

func (i *instruments) login(ctx context.Context, e auth.Event) {
	attributes := attribute.NewSet(operationKey.String(string(e.Operation)), outcomeKey.String(string(e.Outcome)))
	ctx = i.span(ctx, "auth "+string(e.Operation), e.Start, e.Duration, attributes, e.Outcome == auth.OutcomeFailed)
	i.loginDuration.Record(ctx, e.Duration.Seconds(), metric.WithAttributeSet(attributes))
}

func (i *instruments) cacheError(ctx context.Context, err error) {
	i.cacheErrors.Add(ctx, 1, metric.WithAttributes(errorKey.String(errorType(err))))
}

func (i *instruments) messagesError(ctx context.Context, err error) {
	i.lostMessages.Add(ctx, 1, metric.WithAttributes(errorKey.String(errorType(err))))
}

// span makes the span of something that has ended, as a child of the span of ctx. It
// returns a context with it, so that a histogram can refer to it.
func (i *instruments) span(
	ctx context.Context, name string, start time.Time, took time.Duration, attributes attribute.Set, failed bool,
) context.Context {
	ctx, span := i.tracer.Start(ctx, name, trace.WithTimestamp(start), trace.WithAttributes(attributes.ToSlice()...))
	if failed {
		outcome, _ := attributes.Value(outcomeKey)
		span.SetAttributes(errorKey.String(outcome.AsString()))
		span.SetStatus(codes.Error, "") // the text of an error may say too much
	}
	span.End(trace.WithTimestamp(start.Add(took)))
	return ctx
}
