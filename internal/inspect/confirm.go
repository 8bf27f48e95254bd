package inspect

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// A confirmation permits one action on one target. Only the page that asks for it
// contains one, and it is valid once.
type confirmation struct {
	Action string    `json:"action"`
	Target string    `json:"target"`
	At     time.Time `json:"at"`
	Nonce  string    `json:"nonce"`
}

// confirmTime is how long a confirmation page is valid.
const confirmTime = 10 * time.Minute

// usedUp remembers confirmations until they are too old anyway.
type usedUp struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// use reports whether a nonce is used for the first time.
func (u *usedUp) use(nonce string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.until == nil {
		u.until = map[string]time.Time{}
	}
	for old, until := range u.until {
		if now.After(until) {
			delete(u.until, old)
		}
	}
	if _, used := u.until[nonce]; used {
		return false
	}
	u.until[nonce] = now.Add(confirmTime)
	return true
}

// newConfirmation returns the text for the form of a confirmation page.
func (h *Handler) newConfirmation(action, target string) (string, error) {
	text, err := json.Marshal(confirmation{action, target, h.options.Now(), rand.Text()})
	if err != nil {
		return "", err
	}
	return h.seals.seal(confirmPurpose, string(text)), nil
}

// confirmed reports whether a form confirms an action. It is false, without a refusal,
// for a form that has no confirmation yet.
func (h *Handler) confirmed(r *http.Request, action, target string) (bool, error) {
	sealed := r.PostForm.Get("confirm")
	if sealed == "" {
		return false, nil
	}
	invalid := &refusal{http.StatusForbidden, "This confirmation is not valid, was used, or is older than 10 minutes. Start again."}
	text, ok := h.seals.open(confirmPurpose, sealed)
	var c confirmation
	if !ok || json.Unmarshal([]byte(text), &c) != nil || c.Action != action || c.Target != target {
		return false, invalid
	}
	now := h.options.Now()
	if now.Sub(c.At) > confirmTime || !h.confirmations.use(c.Nonce, now) {
		return false, invalid
	}
	return true, nil
}
