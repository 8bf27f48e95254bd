// Package messages is Django's messages framework: short notices for the next page that a
// visitor sees. Messages that Go adds are shown by the next page of Django or Go, and the
// other way round. They are stored as the site's release and MESSAGE_STORAGE store them:
// in the cookie "messages", in the session, or in both. Matches django.contrib.messages.
//
//	err := messages.Success(r.Context(), "Saved.")
//
//	list, err := messages.Show(r.Context()) // before writing the response
//	...
//	{{range .Messages}}<li class="{{.Tags}}">{{.Message}}</li>{{end}}
//
// The middleware of djangobridge's Site includes that of this package. The long way is:
//
//	m, err := messages.New(settings, messages.Options{})
//	handler := sessions.Middleware(m.Middleware(mux))
//
// [Codec] reads and writes the stored forms, for tests and tools.
package messages
