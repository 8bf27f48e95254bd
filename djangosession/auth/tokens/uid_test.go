package tokens_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
)

func TestUIDsAreDecodedAsInDjango(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	if len(v.UIDs) < 20 {
		t.Fatalf("only %d vectors", len(v.UIDs))
	}
	for uid, want := range v.UIDs {
		id, ok := tokens.DecodeUID(uid)
		switch {
		case want == nil && ok:
			t.Errorf("DecodeUID(%q) = %q, but Django refuses it", uid, id)
		case want != nil && (!ok || id != *want):
			t.Errorf("DecodeUID(%q) = %q, %v; want %q", uid, id, ok, *want)
		}
	}
}

func TestUIDsOfAllKinds(t *testing.T) {
	t.Parallel()
	// The results of urlsafe_base64_encode.
	for id, uid := range map[string]string{
		"1":                                    "MQ",
		"12345678-1234-5678-1234-567812345678": "MTIzNDU2NzgtMTIzNC01Njc4LTEyMzQtNTY3ODEyMzQ1Njc4",
		"anne é☃":                              "YW5uZSDDqeKYgw",
		"???>>>":                               "Pz8_Pj4-",
	} {
		if got := tokens.EncodeUID(id); got != uid {
			t.Errorf("EncodeUID(%q) = %q, want %q", id, got, uid)
		}
		if got, ok := tokens.DecodeUID(uid); !ok || got != id {
			t.Errorf("DecodeUID(%q) = %q, %v, want %q", uid, got, ok, id)
		}
	}
}
