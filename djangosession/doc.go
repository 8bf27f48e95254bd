// Package djangosession reads and writes the sessions of a Django site. It is the
// counterpart of django.contrib.sessions.
//
// # The parts
//
// [Settings] are the site's settings, under Django's names and with Django's defaults. An
// [Engine] stores the sessions; package tables has the one for Django's database. A
// [Manager] combines the two and returns a [Session] for a session key, with the methods
// of Django's SessionBase. A [Codec] converts between a session's dict and the text that
// Django stores, through a [Serializer]. It needs neither a manager nor an engine.
//
// # In a web server
//
// [Manager.Middleware] wraps a site's handler. Inside it, [FromContext] returns the
// session of a request. It works with every router that is an http.Handler:
//
//	http.ListenAndServe(address, sessions.Middleware(router)) // http.ServeMux, chi, echo, gorilla/mux
//	router.Use(sessions.Middleware)                           // chi, or a part of its routes
//
// In gin, pass c.Request.Context() to [FromContext]; in echo, c.Request().Context(). Do
// not use echo.WrapMiddleware: echo would write the response to a handler's error only
// after the middleware has treated the request as a success. docs/frameworks.md has a
// tested recipe for each framework.
//
// A server that is not net/http calls [Manager.ProcessRequest] and
// [Manager.ProcessResponse], which return what its response needs.
//
// # Guarantees
//
// Load and save take a context; everything else happens in memory. Values that are not
// set are written back as they were read, byte for byte. A save never restores a session
// that was deleted in the meantime ([ErrSessionGone]). Errors and logs contain neither
// session keys nor secrets.
//
// # Unreadable sessions
//
// Django replaces a session that it cannot read with an empty one. If the session does
// not exist or has expired, the key is dropped. If the stored data is corrupt or signed
// with another secret, the key is kept, and the next save overwrites the data. This
// package does the same and reports the reason to [Options].OnLoadError.
// [Options].StrictLoad returns an error instead. It is the safer choice while a new
// service is being set up, because with a wrong secret every session looks corrupt.
package djangosession
