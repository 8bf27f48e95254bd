package inspect

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/amount"
)

// Actions that need a confirmation.
const (
	clearAction  = "clear"
	logoutAction = "logout"
)

// confirmView is a page that asks whether to go on.
type confirmView struct {
	Question, Consequence string
	Action, Confirm, User string
	Button                string
}

// errReadOnly is the response of a page that only reads.
func errReadOnly() error {
	return &refusal{http.StatusForbidden, "This page only reads. Start it with --write to change sessions."}
}

// clear removes the expired sessions, after a confirmation.
func (h *Handler) clear(w http.ResponseWriter, r *http.Request, _ string) error {
	if h.site.Clear == nil {
		return errReadOnly()
	}
	ok, err := h.confirmed(r, clearAction, "")
	if err != nil {
		return err
	}
	count, counted := h.countExpired(r.Context())
	if ok {
		//nolint:contextcheck // it runs longer than the request
		return h.begin(w, r, "Clear expired sessions", float64(count), h.clearNow)
	}
	confirm, err := h.newConfirmation(clearAction, "")
	if err != nil {
		return err
	}
	v := confirmView{
		Question: "Delete all expired sessions?", Action: clearAction, Confirm: confirm, Button: "Delete expired sessions",
		Consequence: "These are the same sessions that “manage.py clearsessions” deletes. They are deleted in small " +
			"batches, so that the site goes on. Nothing brings them back.",
	}
	if counted {
		v.Question = "Delete " + amount.Of(count, "expired session") + "?"
	}
	return h.show(w, r, "confirm", "Clear expired sessions", v)
}

// countExpired counts the expired sessions, unless that takes too long.
func (h *Handler) countExpired(ctx context.Context) (n int64, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, maxReading)
	defer cancel()
	n, err := h.site.Engine.ClearExpired(ctx, djangosession.ClearOptions{DryRun: true})
	return n, err == nil
}

func (h *Handler) clearNow(ctx context.Context, j *job) error {
	defer h.forget()
	n, err := h.site.Clear(ctx, djangosession.ClearOptions{Progress: j.at})
	j.at(n)
	j.finishf("%s deleted.", amount.Of(n, "expired session"))
	return err
}

// logout deletes all sessions of a user, after a confirmation.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, _ string) error {
	if h.site.Logout == nil {
		return errReadOnly()
	}
	sealed := r.PostForm.Get("user")
	id, ok := h.seals.open(userPurpose, sealed)
	if !ok || id == "" {
		return errOldName()
	}
	ok, err := h.confirmed(r, logoutAction, id)
	if err != nil {
		return err
	}
	who := h.userName(r.Context(), id)
	if ok {
		//nolint:contextcheck // it runs longer than the request
		return h.begin(w, r, "Log out "+who, 0, func(ctx context.Context, j *job) error { return h.logoutNow(ctx, j, id) })
	}
	confirm, err := h.newConfirmation(logoutAction, id)
	if err != nil {
		return err
	}
	return h.show(w, r, "confirm", "Log out "+who, confirmView{
		Question: "Log out " + who + " everywhere?", Action: logoutAction, Confirm: confirm, User: sealed, Button: "Log out",
		Consequence: "All sessions of this user are deleted with all their values, such as carts, in every browser. The whole store " +
			"is read at least twice, which takes minutes for millions of sessions. The user can log in again: deactivate the user or " +
			"change the password to prevent that.",
	})
}

func (h *Handler) logoutNow(ctx context.Context, j *job, id string) error {
	defer h.forget()
	n, err := h.site.Logout(ctx, id)
	j.at(int64(n))
	j.finishf("%s deleted.", amount.Of(n, "session"))
	if errors.Is(err, auth.ErrLoggedInAgain) {
		j.finishf("%s deleted, and the user logged in again in the meantime.", amount.Of(n, "session"))
	}
	return err
}

// forget makes the next page take a new sample.
func (h *Handler) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sample = nil
}

// again takes a new sample.
func (h *Handler) again(w http.ResponseWriter, r *http.Request, _ string) error {
	h.forget()
	http.Redirect(w, r, h.base, http.StatusSeeOther)
	return nil
}

// scanUser searches all sessions for those of a user.
func (h *Handler) scanUser(w http.ResponseWriter, r *http.Request, _ string) error {
	id, ok := h.seals.open(userPurpose, r.PostForm.Get("user"))
	if !ok {
		return errOldName()
	}
	total := 0.0
	if s, err := h.reads(r.Context()); err == nil {
		total = s.total
	}
	//nolint:contextcheck // it runs longer than the request
	return h.begin(w, r, "Search for the sessions of "+h.userName(r.Context(), id), total,
		func(ctx context.Context, j *job) error { return h.scan(ctx, j, id) })
}

// begin starts a job and leads to its page.
func (h *Handler) begin(
	w http.ResponseWriter, r *http.Request, title string, total float64, run func(ctx context.Context, j *job) error,
) error {
	j, err := h.jobs.begin(title, total, run)
	if errors.Is(err, errBusy) {
		return &refusal{http.StatusConflict, "Another job is running. Wait until it ends, or stop it."}
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, h.base+"jobs/"+strconv.Itoa(j.id), http.StatusSeeOther)
	return nil
}

// stop ends a job.
func (h *Handler) stop(w http.ResponseWriter, r *http.Request, _ string) error {
	id, err := strconv.Atoi(r.PostForm.Get("job"))
	j := h.jobs.get(id)
	if err != nil || j == nil {
		return errNoJob()
	}
	j.cancel()
	http.Redirect(w, r, h.base+"jobs/"+strconv.Itoa(j.id), http.StatusSeeOther)
	return nil
}

func errNoJob() error { return &refusal{http.StatusNotFound, "There is no such job."} }

// jobView is the page of a job.
type jobView struct {
	ID                           int
	Running, Refreshing, Stopped bool
	Progress, Percent, Time      string
	Done, Total                  int64
	Result, Error                string
	Found                        []listed
	FoundAll                     string
}

// job shows how far a job is.
func (h *Handler) job(w http.ResponseWriter, r *http.Request, rest string) error {
	id, err := strconv.Atoi(rest)
	j := h.jobs.get(id)
	if err != nil || j == nil {
		return errNoJob()
	}
	v := jobView{ID: j.id}
	j.mu.Lock()
	end := j.end
	if v.Running = end.IsZero(); v.Running {
		end = h.options.Now()
	}
	v.Time = lasting(end.Sub(j.start))
	v.Done, v.Total = j.done, int64(j.total)
	v.Progress = amount.Of(j.done, "session")
	if v.Total > 0 {
		v.Total = max(v.Total, v.Done)
		v.Percent = share(int(v.Done), int(v.Total))
	}
	v.Result = j.result
	switch {
	case errors.Is(j.err, context.Canceled):
		v.Stopped = true
	case j.err != nil:
		v.Error = visible(plain(j.err))
	}
	rows := slices.Clip(j.found) // rows that are added do not change these
	v.FoundAll = amount.Of(j.foundAll, "session")
	j.mu.Unlock()
	v.Found = h.list(r.Context(), rows)
	v.Refreshing = v.Running && !r.URL.Query().Has("still")
	if v.Refreshing {
		w.Header().Set("Refresh", strconv.Itoa(int(refreshEvery/time.Second)))
	}
	return h.show(w, r, "job", j.title, v)
}

// refreshEvery is how often the page of a running job is loaded again.
const refreshEvery = 2 * time.Second
