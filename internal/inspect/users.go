package inspect

import (
	"context"
	"net/http"

	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/amount"
)

type usersView struct {
	Sample    sampleView
	Users     *bars
	Anonymous string
	Others    string
}

// maxUsers is how many users the page lists.
const maxUsers = 100

// users lists the users who have most sessions.
func (h *Handler) users(w http.ResponseWriter, r *http.Request, _ string) error {
	s, err := h.reads(r.Context())
	if err != nil {
		return err
	}
	counts := map[string]int{}
	anonymous := 0
	for i := range s.rows {
		switch one := &s.rows[i]; {
		case one.user != "":
			counts[one.user]++
		case one.reason == "":
			anonymous++
		}
	}
	v := usersView{Sample: newSampleView(s), Users: newBars(s, counts, h.userLink), Anonymous: s.counted(anonymous)}
	v.Users.Title, v.Users.Unit = "Users with most sessions", "User"
	if n := len(v.Users.Rows); n > maxUsers {
		v.Users.Rows = v.Users.Rows[:maxUsers]
		v.Others = amount.Of(n-maxUsers, "other user")
	}
	for i := range v.Users.Rows {
		row := &v.Users.Rows[i]
		row.Label = h.userName(r.Context(), row.Label)
	}
	return h.show(w, r, "users", "Sessions by user", v)
}

type userView struct {
	Sample                    sampleView
	Sealed, Name              string
	Facts                     []fact
	Rows                      []listed
	Count                     string
	MayLogout, Missing, Whole bool
}

// fact is a line about a user or a session.
type fact struct{ Name, Value string }

// user shows a user and the user's sessions in the sample.
func (h *Handler) user(w http.ResponseWriter, r *http.Request, rest string) error {
	id, ok := h.seals.open(userPurpose, rest)
	if !ok {
		return errOldName()
	}
	s, err := h.reads(r.Context())
	if err != nil {
		return err
	}
	v := userView{
		Sample: newSampleView(s), Sealed: rest, Name: h.userName(r.Context(), id), MayLogout: h.site.Logout != nil, Whole: s.whole,
	}
	user, err := h.site.Users.Get(r.Context(), id)
	if v.Missing = err != nil; !v.Missing {
		v.Facts = userFacts(user)
	}
	var rows []row
	n := 0
	for i := range s.rows {
		if !sameUser(s.rows[i].user, id) {
			continue
		}
		if n++; len(rows) < maxFound {
			rows = append(rows, s.rows[i])
		}
	}
	v.Rows, v.Count = h.list(r.Context(), rows), amount.Of(n, "session")
	return h.show(w, r, "user", "Sessions of "+v.Name, v)
}

func userFacts(u *auth.User) []fact {
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	}
	lastLogin := shownTime(u.LastLogin)
	if u.LastLogin.IsZero() {
		lastLogin = "never, or not stored"
	}
	return []fact{
		{"User name", visible(u.Username)},
		{"Id", visible(u.ID)},
		{"Active", yes(u.IsActive)},
		{"Staff", yes(u.IsStaff)},
		{"Superuser", yes(u.IsSuperuser)},
		{"Last login", lastLogin},
	}
}

// findUser returns the id for what was entered. The problem is "" if there is one.
func (h *Handler) findUser(ctx context.Context, by, text string) (id, problem string, err error) {
	if by == byID {
		return text, "", nil
	}
	user, err := h.site.Users.GetByUsername(ctx, text)
	if err != nil {
		if isNoUser(err) {
			return "", "There is no user with this name.", nil
		}
		return "", "", err
	}
	return user.ID, "", nil
}
