// Websocket serves a chat to the visitors of a Django site, with
// github.com/coder/websocket on /coder and github.com/gorilla/websocket on /gorilla. Only
// logged-in users may enter, and a logout ends their chats.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/examples/internal/shop"
)

func main() {
	site, err := shop.Open()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "localhost:8000", Handler: routes(site), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// routes returns the chats. The login is checked before the upgrade, so a visitor without
// one gets status 401.
func routes(site *djangobridge.Site) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /coder", site.LoginRequiredAPI(coderChat(site)))
	mux.Handle("GET /gorilla", site.LoginRequiredAPI(gorillaChat(site)))
	return site.Middleware(mux)
}

// enter counts a visit in the session. Both packages call it before the upgrade, because
// the response to the upgrade is the last one that can set a cookie.
func enter(ctx context.Context) (key string, err error) {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return "", err
	}
	visits := 0
	if session.Contains("chats") {
		if visits, err = djangosession.Value[int](session, "chats"); err != nil {
			return "", err
		}
	}
	session.Set("chats", visits+1)
	return session.Key(), nil
}

var errLoggedOut = errors.New("logged out")

// reply returns the answer to a message. It loads the session anew, because the chat may
// be older than a logout. The session of the request remains as it was loaded. To change
// a session here, change this one and call its Save.
func reply(ctx context.Context, site *djangobridge.Site, key, message string) (string, error) {
	session, err := site.Sessions.Load(ctx, key)
	if err != nil {
		return "", err
	}
	user, err := site.Login.User(ctx, session)
	if err != nil {
		return "", err
	}
	if user == nil {
		return "", errLoggedOut
	}
	return name(user) + ": " + message, nil
}

func name(user *auth.User) string { return user.Username }
