// Package gopickle reads Django's pickled sessions with the library [github.com/nlpodyssey/gopickle], for those who have
// registered their Python classes with it already. Others need nothing but
// [github.com/djangobridge/djangobridge/djangosession.PickleSerializer].
//
// # What the library is kept from
//
// By itself, v0.3.0 of the library panics on a number of inputs of few bytes, and allocates what a length in the input
// claims. Therefore it never sees the bytes of a session. They are read by
// [github.com/djangobridge/djangobridge/py/pickle] first, which executes nothing, with its limits on size, depth, memo and
// memory. What that has read is written anew, as CPython writes it with protocol 5, and this is what the library
// reads. What panics nevertheless, in the library or in a registered class, becomes an [*Error].
//
// # What comes out
//
// The library's containers become those of package py. What [Serializer.FindClass] does not know stays a
// [py.Object] that can be written back, and so do OrderedDict and array.array, for which the library has
// forms of its own: it is not asked for them. What a registered class makes is in the session as it is; it can be written if
// it is a value of package py or implements [py.Lazy].
//
// # What the library loses
//
// The order of a set, and with it the bytes of an untouched session with a set in it. Which strings and bytes were one
// object in Python. A set with bytes in it cannot be read. An int of more than 8 KB is refused, as the library's time for
// it grows with the square of its size, and on machines of 32 bits one that takes more than these and fits into 64, of which
// the library would keep 32.
//
// [github.com/nlpodyssey/gopickle]: https://github.com/nlpodyssey/gopickle
package gopickle
