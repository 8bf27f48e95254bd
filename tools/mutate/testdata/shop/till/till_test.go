package till

import "testing"

func TestFree(t *testing.T) {
	if !Free(7) || Free(8) {
		t.Error("only articles for 7 are free")
	}
}
