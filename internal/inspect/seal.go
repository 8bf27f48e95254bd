package inspect

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// A sealer makes names for session keys and users that tell nobody anything. They are
// encrypted and authenticated with a key that ends with the program, so that nobody can
// make such a name, and one from an earlier run means nothing.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	return &sealer{aead}, nil
}

// Purposes of sealed texts. One that was made for a purpose is invalid for another.
const (
	sessionPurpose = "session"
	userPurpose    = "user"
	confirmPurpose = "confirm"
)

func (s *sealer) seal(purpose, text string) string {
	data := s.aead.Seal(nil, nil, []byte(text), []byte(purpose)) //nolint:gosec // it adds a random nonce itself
	return base64.RawURLEncoding.EncodeToString(data)
}

func (s *sealer) open(purpose, sealed string) (string, bool) {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", false
	}
	text, err := s.aead.Open(nil, nil, data, []byte(purpose))
	return string(text), err == nil
}
