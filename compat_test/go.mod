module github.com/djangobridge/djangobridge/compat_test

go 1.26

require (
	github.com/djangobridge/djangobridge v0.0.0
	github.com/mattn/go-sqlite3 v1.14.53
)

require github.com/klauspost/compress v1.20.3 // indirect

replace github.com/djangobridge/djangobridge => ../
