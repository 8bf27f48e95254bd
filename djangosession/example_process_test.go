package djangosession_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// A message is a request or a response in a protocol that is not net/http.
type message struct {
	Status int
	Fields map[string]string
}

// handle serves one request of such a protocol.
func handle(ctx context.Context, sessions *djangosession.Manager, request message) message {
	cookie := request.Fields["cookie"]
	session, err := sessions.ProcessRequest(ctx, cookie)
	if err != nil {
		return message{Status: 500}
	}
	response := message{Status: 200, Fields: map[string]string{}}
	session.Set("seen", true) // the handler's work

	header, err := sessions.ProcessResponse(ctx, cookie, session, response.Status)
	switch {
	case errors.Is(err, djangosession.ErrSessionGone): // the visitor has logged out in the meantime
		response.Status = 400
	case err != nil:
		response.Status = 500
	}
	if header.SetCookie != "" {
		response.Fields["set-cookie"] = header.SetCookie
	}
	if header.VaryCookie {
		response.Fields["vary"] = "Cookie"
	}
	return response
}

func ExampleManager_ProcessResponse() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := memory.New(settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	response := handle(context.Background(), sessions, message{})
	fmt.Println(response.Status, response.Fields["set-cookie"] != "", response.Fields["vary"])
	// Output: 200 true Cookie
}
