package main

import (
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/djangobridge/djangobridge"
)

// gorillaChat uses github.com/gorilla/websocket. Upgrade refuses requests from pages of
// other sites, as far as Origin tells. It writes a header of its own, and adds to it what
// its third argument contains after the connection was taken over. Taking it over adds
// the session cookie to the header of w, so that header is the argument.
func gorillaChat(site *djangobridge.Site) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, err := enter(r.Context())
		if err != nil {
			http.Error(w, "Server Error (500)", http.StatusInternalServerError)
			return
		}
		var upgrader websocket.Upgrader
		conn, err := upgrader.Upgrade(w, r, w.Header())
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()          //nolint:errcheck // the client has gone, or was told
		conn.SetReadLimit(32 << 10) // gorilla has no limit by default
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			text, err := reply(r.Context(), site, key, string(message))
			if err != nil {
				told := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "log in again")
				_ = conn.WriteMessage(websocket.CloseMessage, told)
				return
			}
			if err := conn.WriteMessage(kind, []byte(text)); err != nil {
				return
			}
		}
	}
}
