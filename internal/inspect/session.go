package inspect

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/amount"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// errOldName is the response to a name that was sealed by an earlier run of the program.
func errOldName() error {
	return &refusal{http.StatusNotFound, "This address is from an earlier run of the program. Start at the overview."}
}

func isNoUser(err error) bool { return errors.Is(err, auth.ErrNoUser) || errors.Is(err, auth.ErrBadID) }

type sessionView struct {
	Key          string
	Facts        []fact
	User         string
	UserLink     string
	Values       []entry
	Empty        bool
	Problem      string
	Explanation  []fact
	Hints        []string
	Missing      string // why there is nothing to show
	ExpiredStill bool
}

// session shows one session.
func (h *Handler) session(w http.ResponseWriter, r *http.Request, rest string) error {
	key, ok := h.seals.open(sessionPurpose, rest)
	if !ok {
		return errOldName()
	}
	release, err := h.turn(r.Context())
	if err != nil {
		return err
	}
	defer release()
	v := &sessionView{Key: shownKey(key)}
	if h.site.Table != nil {
		err = h.ofTableSession(r.Context(), v, key)
	} else {
		err = h.ofStoredSession(r.Context(), v, key)
	}
	if err != nil {
		return err
	}
	return h.show(w, r, "session", "Session "+v.Key, v)
}

const noLonger = "There is no session with this key. It may have ended in the meantime."

func (h *Handler) ofTableSession(ctx context.Context, v *sessionView, key string) error {
	t, err := h.tableRow(ctx, key)
	if err != nil {
		return err
	}
	if t == nil {
		v.Missing = noLonger
		return nil
	}
	v.ends(t, h.options.Now())
	v.add("Size of the stored data", sizeText(t.Size))
	if t.Size > maxShown {
		v.Missing = "The session is too large to be shown here. “djangosession sessions show” prints it."
		return nil
	}
	d, err := h.site.Codec.Decode(t.Data)
	v.explain(h.site.Codec.Explain(t.Data, djangosession.Candidates{}))
	h.values(ctx, v, d, err)
	return nil
}

func (v *sessionView) ends(t *tables.Row, now time.Time) {
	v.add("Ends", shownTime(t.ExpireDate)+", "+left(t.ExpireDate, now))
	v.ExpiredStill = t.Expired
}

func (v *sessionView) add(name, value string) { v.Facts = append(v.Facts, fact{name, value}) }

func (h *Handler) ofStoredSession(ctx context.Context, v *sessionView, key string) error {
	record, err := h.site.Engine.Load(ctx, key)
	refused, decodes := errors.AsType[*djangosession.DecodeError](err)
	switch {
	case err == nil:
		if !record.ExpireDate.Time.IsZero() {
			ends := record.ExpireDate.In(h.location())
			v.add("Ends", shownTime(ends)+", "+left(ends, h.options.Now()))
		}
	case errors.Is(err, djangosession.ErrNoSession), errors.Is(err, djangosession.ErrStartOver) && !decodes:
		v.Missing = noLonger
		if h.isStateless() {
			v.Missing = "The cookie contains no session, or it has expired."
		}
		return nil
	case decodes:
		err = refused
	case !errors.Is(err, djangosession.ErrUnknownFormat):
		return err
	}
	if h.isStateless() {
		v.add("Size of the cookie", sizeText(int64(len(key))))
		v.explain(h.site.Codec.Explain(key, djangosession.Candidates{}))
	}
	var d *py.Dict
	if record != nil {
		d = record.Data
	}
	h.values(ctx, v, d, err)
	return nil
}

func (h *Handler) isStateless() bool {
	_, ok := h.site.Engine.(djangosession.Stateless)
	return ok
}

// values adds the values, or the reason why they cannot be shown.
func (h *Handler) values(ctx context.Context, v *sessionView, d *py.Dict, err error) {
	if err != nil || d == nil {
		v.Problem = "unknown"
		if err != nil {
			v.Problem = visible(plain(err))
		}
		return
	}
	v.Hints = nil // they are about sessions that do not decode
	v.Values = (&viewer{}).session(d)
	v.Empty = d.Len() == 0
	if id := userID(d); id != "" {
		v.User, v.UserLink = h.userName(ctx, id), h.userLink(id)
	}
}

// explain adds what package djangosession finds out about the stored text.
func (v *sessionView) explain(e *djangosession.Explanation) {
	if !e.SignedAt.IsZero() {
		v.Explanation = append(v.Explanation, fact{"Saved", shownTime(e.SignedAt) + ", according to the signature"})
	}
	if s := e.SignedWith; s != nil {
		v.Explanation = append(v.Explanation,
			fact{"Signed with", visible(s.Key)}, fact{"Salt", visible(s.Salt)}, fact{"Algorithm", s.Algorithm})
	} else {
		v.Explanation = append(v.Explanation, fact{"Signed with", "none of the keys of the settings"})
	}
	if e.Layout != "" {
		layout := string(e.Layout)
		if e.Compressed {
			layout += ", compressed"
		}
		v.Explanation = append(v.Explanation, fact{"Layout", layout})
	}
	if e.Serializer != "" {
		v.Explanation = append(v.Explanation, fact{"Serializer", e.Serializer})
	}
	if e.Kind != "" && !e.Decodes {
		v.Explanation = append(v.Explanation, fact{"Looks like", string(e.Kind)})
	}
	for _, hint := range e.Hints {
		v.Hints = append(v.Hints, visible(hint))
	}
}

// Fields that a search compares with the text.
const (
	byName = "name"
	byID   = "id"
	byKey  = "key"
)

// search leads to a user, or lists the sessions whose keys begin with the text.
func (h *Handler) search(w http.ResponseWriter, r *http.Request, _ string) error {
	text, by := strings.TrimSpace(r.PostForm.Get("text")), r.PostForm.Get("by")
	if text == "" {
		return &refusal{http.StatusBadRequest, "Enter what to search for."}
	}
	switch by {
	case byName, byID:
		id, problem, err := h.findUser(r.Context(), by, text)
		if err != nil {
			return err
		}
		if problem != "" {
			return &refusal{http.StatusNotFound, problem}
		}
		http.Redirect(w, r, h.userLink(id), http.StatusSeeOther) //nolint:gosec // below the page's own path
		return nil
	case byKey:
		return h.searchKey(w, r, strings.TrimSuffix(strings.TrimSuffix(text, "…"), "..."))
	}
	return &refusal{http.StatusBadRequest, "Choose what to search by."}
}

// leastKey is how many characters of a key a search needs.
const leastKey = 3

func (h *Handler) searchKey(w http.ResponseWriter, r *http.Request, text string) error {
	if h.site.Table == nil {
		// The whole key is the only way into a store without an order.
		if found := h.keyInSample(r.Context(), text); found != "" {
			text = found
		}
		http.Redirect(w, r, h.sessionLink(text), http.StatusSeeOther) //nolint:gosec // below the page's own path
		return nil
	}
	if len([]rune(text)) < leastKey {
		return &refusal{http.StatusBadRequest, "Enter at least 3 characters of the key."}
	}
	found, err := h.site.Table.RowsIn(r.Context(), tables.RowRange{From: text, Limit: pageRows + 1, MaxData: maxListed})
	if err != nil {
		return err
	}
	var rows []row
	for i := range found {
		if strings.HasPrefix(found[i].Key, text) {
			rows = append(rows, h.ofTable(&found[i]))
		}
	}
	v := listView{Question: shownBeginning(text), Count: amount.Of(len(rows), "session")}
	if v.More = len(rows) > pageRows; v.More {
		rows = rows[:pageRows]
		v.Count = "more than " + amount.Of(pageRows, "session")
	}
	v.Rows = h.list(r.Context(), rows)
	return h.show(w, r, "sessions", "Search by key", v)
}

// shownBeginning is what a search page repeats of a key. It may be a whole one.
func shownBeginning(text string) string {
	if len([]rune(text)) > 8 {
		return shownKey(text)
	}
	return visible(text) + "…"
}

// keyInSample returns the only key of the sample that begins with the text, or "".
func (h *Handler) keyInSample(ctx context.Context, text string) string {
	if h.site.Unlistable != "" || len([]rune(text)) < leastKey {
		return ""
	}
	s, err := h.reads(ctx)
	if err != nil {
		return ""
	}
	found := ""
	for i := range s.rows {
		if !strings.HasPrefix(s.rows[i].key, text) {
			continue
		}
		if found != "" {
			return ""
		}
		found = s.rows[i].key
	}
	return found
}
