package sitetest

import (
	"context"
	"net/http"
	"slices"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// Messages returns the messages that wait for the next page which shows messages. They
// keep waiting.
func (c *Client) Messages() messages.List {
	c.t.Helper()
	header := http.Header{"Cookie": {c.cookies.all()}}
	session := func(context.Context) (*djangosession.Session, error) { return c.Session(), nil } //nolint:contextcheck // the test's
	list, err := c.site.reading.Messages.NewStorage(header, session).Peek(c.t.Context())
	if err != nil {
		c.t.Fatalf("sitetest: read the messages: %v", err)
	}
	return list
}

// WantMessages reports an error unless exactly the messages with these texts wait for the
// next page, in this order. Without texts, no message may wait. Messages that the page of
// this response shows do not wait: look for them in its body.
func (r *Response) WantMessages(texts ...string) *Response {
	r.client.t.Helper()
	list := r.client.Messages()
	waiting := make([]string, 0, len(list))
	for _, m := range list {
		waiting = append(waiting, m.Text)
	}
	if !slices.Equal(waiting, texts) {
		r.client.t.Errorf("%s: the messages %q wait for the next page, want %q", r, waiting, texts)
	}
	return r
}
