"""A shop with a cart, messages, logins and notes with files, for Django behind the Go chain; see proxy_test.go."""
