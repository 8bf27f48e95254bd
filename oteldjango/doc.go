// Package oteldjango reports what a Django site's sessions and logins do, as metrics and
// traces of OpenTelemetry. [Instrument] adds it to the options of a service:
//
//	o := djangobridge.Options{DB: db}
//	if err := oteldjango.Instrument(&o, oteldjango.Config{}); err != nil {
//		log.Fatal(err)
//	}
//	site, err := djangobridge.Open("site.json", o)
//
// It needs the API of OpenTelemetry only. The program chooses an SDK and exporters, such
// as those for a collector or for Prometheus; see the example. Wrap the handlers in those
// of otelhttp, outside [djangobridge.Site.Middleware]: the spans of this package are then
// children of the request's span.
//
// # Metrics
//
//	name                                 unit        attributes
//	djangobridge.session.load.duration   s           djangobridge.outcome
//	djangobridge.session.store.duration  s           djangobridge.operation, djangobridge.outcome
//	djangobridge.session.saves           {session}   djangobridge.save.reason, djangobridge.session.created
//	djangobridge.session.conflicts       {conflict}  djangobridge.conflict
//	djangobridge.session.undecodable     {session}   error.type
//	djangobridge.session.errors          {error}     error.type
//	djangobridge.auth.duration           s           djangobridge.operation, djangobridge.outcome
//	djangobridge.cache.errors            {error}     error.type
//	djangobridge.messages.errors         {error}     error.type
//
// The durations are histograms, and the others are counters. The values of outcomes,
// operations and reasons are the constants of packages djangosession and auth. The page
// docs/observability.md explains each metric, and dashboard.json is a dashboard for
// Grafana.
//
// # Spans
//
// The spans are "session load", "session" with the operation of a
// [djangosession.StoreEvent], and "auth" with that of an [auth.Event], such as "session
// save" and "auth login". Their attributes are those of the metrics. A span whose
// operation failed has the status Error and the attribute error.type.
//
// No metric and no span contains a session key, a cookie, a user, a secret, session data
// or the text of an error. All attributes have few values.
package oteldjango
