// Package djangosession reads and writes the sessions of a Django site: what django.contrib.sessions is in Python.
//
// # The parts
//
// [Settings] are the site's settings, under Django's names and with Django's defaults. A [Manager] made of them and of an
// [Engine] (where sessions are kept: package tables has the database) gives out a [Session] for a session key, which has
// what Django's SessionBase has. A [Codec] turns a session's dict into the text that Django stores and back, through a
// [Serializer]; who only wants that needs neither manager nor engine.
//
// # In a web server
//
// [Manager.Middleware] goes around a site's handler, and [FromContext] returns the session of
// a request inside. Any router that is an http.Handler can be inside:
//
//	http.ListenAndServe(address, sessions.Middleware(router)) // http.ServeMux, chi, gin, echo
//	router.Use(sessions.Middleware)                           // chi, or a part of its routes
//
// (With echo.WrapMiddleware, echo would write the response to an error that a handler returns after the middleware, which
// has taken it for a success by then.) In gin the context to ask is c.Request.Context(), in echo c.Request().Context().
//
// # What a session promises
//
// Loading and saving are calls that take a context; everything else happens in memory. Values that nobody sets are
// written back as they were read, byte for byte. A session that was deleted meanwhile is never brought back by
// a save ([ErrSessionGone]). Session keys and secrets appear in no error and no log.
//
// # What Django does with a session that it cannot read
//
// It goes on with an empty one. When there is no such session, or it has expired, the key is dropped; when the stored
// data is corrupt or signed with another secret, the key is kept, so that the next save overwrites the data. This package
// does the same and reports the reason: see [Options].OnLoadError, and [Options].StrictLoad for refusing instead, which is
// the safer choice while a new service is being set up: with a wrong secret every session looks corrupt.
package djangosession
