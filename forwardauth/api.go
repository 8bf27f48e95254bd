package forwardauth

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/hosts"
	"github.com/djangobridge/djangobridge/py/tagged"
)

// API returns a handler that answers GET /user and GET /session in JSON, for services on
// the same machine that cannot read the store. They pass on the header Cookie of their
// visitor. It answers only requests that come from this machine: over a Unix socket, or
// from a loopback address for a loopback host, and neither from a proxy nor from a page in
// a browser. Everything else gets status 403.
//
// Anybody with a visitor's cookie can read the visitor's session here, which no page of
// the site may show. Serve it at an address of its own.
func (h *Handler) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /user", h.serveUser)
	mux.HandleFunc("GET /session", h.serveSession)
	inner := h.sessions.Middleware(h.login.Middleware(mux))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !isFromThisMachine(r) || len(r.Header["Cookie"]) > 1 {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), h.options.Timeout)
		defer cancel()
		inner.ServeHTTP(w, r.WithContext(ctx))
	})
}

// isFromThisMachine reports whether a program on this machine sent the request, and on
// nobody else's behalf.
func isFromThisMachine(r *http.Request) bool {
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "Origin":
			return false
		}
		if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Sec-Fetch-") {
			return false
		}
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	domain, ok := hosts.Domain(r.Host)
	to, err := netip.ParseAddr(strings.Trim(domain, "[]"))
	return ok && (domain == "localhost" || err == nil && to.IsLoopback())
}

// userJSON is a user in the JSON of GET /user.
type userJSON struct {
	ID          string          `json:"id"`
	Username    string          `json:"username"`
	Email       string          `json:"email"`
	FirstName   string          `json:"first_name"`
	LastName    string          `json:"last_name"`
	IsActive    bool            `json:"is_active"`
	IsStaff     bool            `json:"is_staff"`
	IsSuperuser bool            `json:"is_superuser"`
	DateJoined  *time.Time      `json:"date_joined"`
	LastLogin   *time.Time      `json:"last_login"`
	Backend     string          `json:"backend"`
	Groups      []string        `json:"groups"`
	Permissions []string        `json:"permissions"`
	Fields      json.RawMessage `json:"fields,omitempty"`
}

// serveUser answers {"user":{...}}, or {"user":null,"reason":"..."} without a login.
func (h *Handler) serveUser(w http.ResponseWriter, r *http.Request) {
	_, state, err := known(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if state.User == nil {
		h.write(w, r, map[string]any{"user": nil, "reason": state.Reason})
		return
	}
	user, err := userOf(r.Context(), state.User)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.write(w, r, map[string]any{"user": user})
}

func userOf(ctx context.Context, u *auth.User) (*userJSON, error) {
	groups, err := u.Groups(ctx)
	if err != nil {
		return nil, err
	}
	permissions, err := u.Permissions(ctx)
	if err != nil {
		return nil, err
	}
	x := &userJSON{
		ID: u.ID, Username: u.Username, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, IsActive: u.IsActive,
		IsStaff: u.IsStaff, IsSuperuser: u.IsSuperuser, DateJoined: date(u.DateJoined), LastLogin: date(u.LastLogin),
		Backend: u.Backend, Groups: groups, Permissions: permissions,
	}
	if len(u.Fields) > 0 {
		x.Fields, err = tagged.Dumps(u.Fields)
	}
	return x, err
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// serveSession answers {"session":{...}}, in tagged JSON. A visitor without a session has
// an empty one.
func (h *Handler) serveSession(w http.ResponseWriter, r *http.Request) {
	s, state, err := known(r.Context())
	if err != nil {
		h.fail(w, r, err)
		return
	}
	values := json.RawMessage("{}")
	if state.Reason != auth.BadHash { // for which Django flushes the session
		d := s.Dict()
		d.Delete(auth.HashSessionKey) // made from the password
		if values, err = tagged.Dumps(d); err != nil {
			h.fail(w, r, err)
			return
		}
	}
	h.write(w, r, map[string]any{"session": values})
}

// known returns the session and the login of a request.
func known(ctx context.Context) (*djangosession.Session, auth.State, error) {
	s, err := djangosession.FromContext(ctx)
	if err == nil {
		err = s.Outdated() // Django may know the user
	}
	if err != nil {
		return nil, auth.State{}, err
	}
	state, err := auth.StateFrom(ctx)
	return s, state, err
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n')) // the client may be gone
}

// fail answers that nothing is known about the visitor.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.options.Logger.LogAttrs(r.Context(), slog.LevelError, "session not read", slog.String("error", err.Error()))
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}
