package djangosession_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// requestEngine records the path of the request in whose context it is called.
type requestEngine struct {
	djangosession.Engine
	loads, creates string
}

func path(ctx context.Context) string {
	r, ok := djangosession.RequestFromContext(ctx)
	if !ok {
		return "none"
	}
	return r.URL.Path
}

func (e *requestEngine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	e.loads = path(ctx)
	return e.Engine.Load(ctx, key)
}

func (e *requestEngine) Create(ctx context.Context, r *djangosession.Record) error {
	e.creates = path(ctx)
	return e.Engine.Create(ctx, r)
}

func TestRequestFromContextInHandlersAndEngines(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("k")
	stored, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	engine := &requestEngine{Engine: stored}
	manager, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/visit/", nil)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: djangosession.NewKey()})
	w := httptest.NewRecorder()
	manager.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got, ok := djangosession.RequestFromContext(r.Context()); !ok || got != r {
			t.Errorf("in the handler: %v, %v", got, ok)
		}
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("a", 1)
		cancel() // the client disconnects, and the session is still saved
	})).ServeHTTP(w, r)
	if w.Code != http.StatusOK || engine.loads != "/visit/" || engine.creates != "/visit/" {
		t.Errorf("status %d, loaded for %q, created for %q", w.Code, engine.loads, engine.creates)
	}
	if r, ok := djangosession.RequestFromContext(t.Context()); ok || r != nil {
		t.Errorf("outside: %v, %v", r, ok)
	}
}

// TestHooksOfTheEngineGetNoSession asks for the session while it is locked: its methods
// would wait for the hook to return.
func TestHooksOfTheEngineGetNoSession(t *testing.T) {
	t.Parallel()
	settings := djangosession.NewSettings("k")
	stored, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	ask := func(ctx context.Context, hook string) {
		if _, err := djangosession.FromContext(ctx); err == nil || errors.Is(err, djangosession.ErrNoMiddleware) {
			t.Errorf("%s: %v", hook, err)
		}
		asked[hook] = path(ctx)
	}
	manager, err := djangosession.NewManager(stored, settings, djangosession.Options{
		OnLoad:  func(ctx context.Context, _ djangosession.LoadEvent) { ask(ctx, "load") },
		OnStore: func(ctx context.Context, e djangosession.StoreEvent) { ask(ctx, string(e.Operation)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/visit/", nil)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: djangosession.NewKey()})
	manager.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		s.Set("a", 1)
		for _, do := range []func(context.Context) error{s.Create, s.CycleKey, s.Load} {
			if err := do(r.Context()); err != nil {
				t.Error(err)
			}
		}
		s.Set("a", 2)
	})).ServeHTTP(httptest.NewRecorder(), r)
	for _, hook := range []string{"load", "create", "cycle_key", "save"} {
		if asked[hook] != "/visit/" {
			t.Errorf("%s: the request is for %q", hook, asked[hook])
		}
	}
}
