module github.com/djangobridge/djangobridge/examples/mux

go 1.26.8

replace github.com/djangobridge/djangobridge => ../..

require (
	github.com/djangobridge/djangobridge v0.0.0
	github.com/gorilla/mux v1.8.1
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mattn/go-sqlite3 v1.14.53 // indirect
	golang.org/x/crypto v0.59.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.44.0 // indirect
)
