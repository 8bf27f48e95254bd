package main

import (
	"net/http"

	"github.com/coder/websocket"

	"github.com/djangobridge/djangobridge"
)

// coderChat uses github.com/coder/websocket. Accept refuses requests from pages of other
// sites, as far as Origin tells, and sends the header of w with the session cookie.
func coderChat(site *djangobridge.Site) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, err := enter(r.Context())
		if err != nil {
			http.Error(w, "Server Error (500)", http.StatusInternalServerError)
			return
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow() //nolint:errcheck // the client has gone, or was told
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			text, err := reply(r.Context(), site, key, string(message))
			if err != nil {
				_ = conn.Close(websocket.StatusPolicyViolation, "log in again")
				return
			}
			if err := conn.Write(r.Context(), kind, []byte(text)); err != nil {
				return
			}
		}
	}
}
