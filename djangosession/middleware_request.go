package djangosession

import (
	"context"
	"net/http"
)

// RequestFromContext returns the request that ctx belongs to, inside
// [Manager.Middleware]: the one that the middleware passed to the next handler. It also
// works in the context of a save, which outlives the client's connection, so an [Engine]
// can store facts about the request beside the session. Do not read the body there: it
// belongs to the handler. Do not pass the request's context to [FromContext] there either:
// it waits for the session that is being loaded.
func RequestFromContext(ctx context.Context) (*http.Request, bool) {
	value := ctx.Value(exchangeKey{})
	if engine, ok := value.(*engineContext); ok {
		value = engine.Context.Value(exchangeKey{})
	}
	if x, ok := value.(*exchange); ok {
		return x.request, true
	}
	return nil, false
}
