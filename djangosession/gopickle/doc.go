// Package gopickle reads Django's pickled sessions with the library
// [github.com/nlpodyssey/gopickle]. It is for programs that have already registered their
// Python classes with that library. All others need only
// [github.com/djangobridge/djangobridge/djangosession.PickleSerializer].
//
// # Protection of the library
//
// By itself, v0.3.0 of the library panics on a number of inputs of a few bytes, and it
// allocates any length that the input claims. Therefore it never receives the bytes of a
// session. [github.com/djangobridge/djangobridge/py/pickle] reads them first. It executes
// nothing and limits size, depth, memo and memory. The result is written again as CPython
// writes it with protocol 5, and the library reads that pickle. A panic that still
// occurs, in the library or in a registered class, becomes an [*Error].
//
// # Results
//
// The library's containers become those of package py. Classes that
// [Serializer.FindClass] does not know stay a [py.Object], which can be written back. So
// do OrderedDict and array.array: the library has its own types for them, which are not
// used. Objects made by a registered class are stored in the session as they are. They
// can be written if they are values of package py or implement [py.Lazy].
//
// # Losses
//
// The library loses the order of a set, so an untouched session that contains a set is
// written with other bytes. It also loses which strings and bytes were one object in
// Python. A set that contains bytes cannot be read. An int of more than 8 KB is refused,
// because the library's time for it grows with the square of its size. On 32-bit machines
// an int that needs more than 32 bits and fits into 64 is also refused, because the
// library would keep only 32 of them.
//
// [github.com/nlpodyssey/gopickle]: https://github.com/nlpodyssey/gopickle
package gopickle
