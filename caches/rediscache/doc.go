// Package rediscache keeps Django's cached sessions in Redis, as Django's own RedisCache
// and the package django-redis do. The settings of the site decide everything: servers,
// databases, users, TLS, Sentinel, sharding, serializer and compressor. Settings that
// this package does not understand are refused by name.
//
// All commands go to the server that Django writes to, also those that read. Commands
// name one key each, so they work on clusters. Saves are conditional (SET XX, or a script
// that compares the old value), so they never restore a session that was deleted.
package rediscache
