module github.com/djangobridge/djangobridge/examples/websocket

go 1.26.8

replace github.com/djangobridge/djangobridge => ../..

require (
	github.com/coder/websocket v1.8.15
	github.com/djangobridge/djangobridge v0.0.0
	github.com/gorilla/websocket v1.5.3
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mattn/go-sqlite3 v1.14.53 // indirect
	golang.org/x/crypto v0.59.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.44.0 // indirect
)
