package djangobridge

import "testing"

// TestASiteIsNotUsedAgainAfterItsLastUse has a request that has found a site just before
// it was replaced. Others cannot meet that moment.
func TestASiteIsNotUsedAgainAfterItsLastUse(t *testing.T) {
	t.Parallel()
	s := &servedSite{site: &Site{engine: &engine{}}}
	s.uses.Store(1)
	if !s.enter() || s.leave() != nil || !s.enter() || s.leave() != nil || s.leave() != nil {
		t.Error("a site in use is closed")
	}
	if s.enter() {
		t.Error("a closed site is used")
	}
}
