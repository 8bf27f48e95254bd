package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/internal/amount"
)

// redisSessions checks the Redis of django-redis-sessions.
func (d *Deployment) redisSessions(ctx context.Context, r *report, s *sample) {
	engine, err := rediscache.NewSessions(d.Settings, rediscache.Options{}) //nolint:contextcheck // closing has no context
	if err != nil {
		r.faultf("cache-kind", "Correct the setting, and export the settings again.", "The Redis of the sessions cannot be "+
			"used: %v.", err)
		return
	}
	defer engine.Close() //nolint:errcheck,contextcheck // it was only read, and closing has no context
	d.redis(ctx, r, engine.Servers, false, "")
	if !r.lacks("cache") {
		d.list(ctx, r, s, engine)
	}
}

// redis checks the servers of a cache in Redis.
func (d *Deployment) redis(ctx context.Context, r *report, find func(context.Context) ([]redis.UniversalClient, error),
	hasTable bool, prefix string,
) {
	const check = "cache"
	var servers []redis.UniversalClient
	if err := within(ctx, func(ctx context.Context) (err error) {
		servers, err = find(ctx)
		return err
	}); err != nil {
		r.faultf(check, "Check LOCATION of the cache, and that the servers run.", "The servers of the cache cannot be found: "+
			"%v.", err)
		return
	}
	for _, server := range servers {
		d.redisServer(ctx, r, server, hasTable, prefix)
	}
	r.okUnlessf("cache-role", "The server of the cache is a primary.")
	r.okUnlessf("cache-rights", "The account may run the commands that sessions need.")
	if r.lacks(check) {
		return
	}
	r.okUnlessf("cache-eviction", "Redis does not remove sessions when its memory is full.")
	r.okUnlessf("cache-memory", "Redis has memory left.")
	r.okUnlessf("cache-persistence", "A restart of Redis loses no sessions, or only copies of them.")
	r.okUnlessf("cache-version", "The release of Redis has the commands that sessions need.")
}

func (d *Deployment) redisServer(ctx context.Context, r *report, server redis.UniversalClient, hasTable bool, prefix string) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	const remedy = "Check LOCATION and the password of the cache, that the server runs, and that it is Redis."
	before := d.Now()
	at, err := server.Time(ctx).Result()
	after := d.Now()
	switch {
	case err == nil:
		d.clock(r, "cache-clock", "Redis", at, before, after, 0)
	case isRefused(err, "NOPERM"):
		r.notef("cache-clock", "Permit the command TIME (ACL SETUSER ... +time).", "The clock of Redis is unknown: the account "+
			"may not run TIME.")
	case isRefused(err, "NOAUTH", "WRONGPASS"):
		r.faultf("cache", "Correct the user name and the password in LOCATION or OPTIONS of the cache.", "Redis refuses the "+
			"password of the cache.")
		return
	case isRefused(err, "LOADING"):
		r.faultf("cache", "Wait until Redis has loaded its data.", "Redis still loads its data.")
		return
	default:
		r.faultf("cache", remedy, "Redis cannot be reached: %s.", redisProblem(ctx, err))
		return
	}
	d.redisRights(ctx, r, server, prefix)
	info, err := server.Info(ctx).Result()
	if isRefused(err, "NOPERM") {
		r.notef("cache-eviction", "Permit the command INFO (ACL SETUSER ... +info), or look at maxmemory-policy yourself: it "+
			"should be noeviction.",
			"The configuration of Redis is unknown: the account may not run INFO.")
		return
	}
	if err != nil {
		r.unknown("cache-eviction", errors.New(redisProblem(ctx, err)))
		return
	}
	f := infoFields(info)
	d.redisRole(r, f)
	redisVersion(r, f)
	redisMemory(r, f, hasTable)
	d.redisPersistence(ctx, r, server, f, hasTable)
}

// isRefused reports whether Redis has answered with an error of one of these kinds.
func isRefused(err error, kinds ...string) bool {
	if err == nil {
		return false
	}
	for _, kind := range kinds {
		if strings.HasPrefix(err.Error(), kind) {
			return true
		}
	}
	return false
}

// redisProblem describes an error without arguments of commands.
func redisProblem(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return "it does not answer in time"
	}
	if _, ok := errors.AsType[redis.Error](err); ok {
		kind, _, _ := strings.Cut(err.Error(), " ")
		return "it answers with the error " + kind
	}
	return err.Error()
}

func infoFields(info string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// redisRights finds out which commands Redis would refuse, without running them: it
// checks rights, memory and role when a transaction collects its commands, and the
// transaction is discarded.
func (d *Deployment) redisRights(ctx context.Context, r *report, server redis.UniversalClient, prefix string) {
	const check = "cache-rights"
	single, ok := server.(*redis.Client)
	if !ok {
		r.notef(check, "Check the rights with djangosession sessions show.", "The rights on a cluster of Redis were not checked.")
		return
	}
	conn := single.Conn()
	defer conn.Close() //nolint:errcheck // nothing was written
	if err := conn.Do(ctx, "multi").Err(); err != nil {
		r.notef(check, "Permit MULTI and DISCARD, or check the rights of the account yourself: GET, EXISTS, SET, DEL, EVALSHA "+
			"and EVAL are needed.",
			"The rights of the account are unknown: it may not run MULTI.")
		return
	}
	defer discard(ctx, conn)
	key := prefix + "doctor-"
	if cache := d.Settings.SessionCache; cache.Version != "" {
		key = cache.KeyPrefix + ":" + cache.Version + ":" + key
	}
	var missing []string
	for _, command := range []struct {
		name   string
		args   []any
		writes bool
	}{
		{name: "GET", args: []any{"get", key}},
		{name: "EXISTS", args: []any{"exists", key}},
		{name: "SET", args: []any{"set", key, "", "px", "1", "xx"}, writes: true},
		{name: "DEL", args: []any{"del", key}, writes: true},
		{name: "EVAL", args: []any{"eval", "return 0", "1", key}, writes: true},
		{name: "EVALSHA", args: []any{"evalsha", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "1", key}, writes: true},
	} {
		if command.writes && d.ReadOnly {
			continue
		}
		err := conn.Do(ctx, command.args...).Err()
		switch {
		case err == nil, isRefused(err, "EXECABORT"):
		case isRefused(err, "NOPERM"):
			missing = append(missing, command.name)
		case isRefused(err, "READONLY"):
			if !r.lacks("cache-role") {
				r.faultf("cache-role", "Name the primary in LOCATION.", "The server of the cache is a replica: it refuses to store "+
					"sessions.")
			}
		case isRefused(err, "OOM"):
			if !r.lacks("cache-memory") {
				r.faultf("cache-memory", "Give Redis more memory (maxmemory).", "The memory of Redis is full: it refuses to store "+
					"sessions.")
			}
		case isRefused(err, "MISCONF"):
			if !r.lacks("cache-persistence") {
				r.faultf("cache-persistence", "Free space on the disk of Redis, and look at its log.", "Redis cannot write its data "+
					"to the disk, and "+
					"refuses to store sessions.")
			}
		case ctx.Err() != nil:
			return
		}
	}
	if len(missing) > 0 {
		r.faultf(check, "Permit them: ACL SETUSER ... +"+strings.ToLower(strings.Join(missing, " +"))+" and the pattern of the "+
			"keys (~*, or ~ and KEY_PREFIX).",
			"The account of the cache may not run %s on the keys of sessions.", strings.Join(missing, ", "))
	}
}

// discard ends a transaction, also when there is no time left: the connection goes back to
// its pool.
func discard(ctx context.Context, conn *redis.Conn) {
	const limit = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	_ = conn.Do(ctx, "discard").Err() // a connection that fails is closed, which discards too
}

func (d *Deployment) redisRole(r *report, f map[string]string) {
	if f["role"] != "slave" && f["role"] != "replica" || r.lacks("cache-role") {
		return
	}
	level := Fault
	if d.ReadOnly {
		level = Note
	}
	r.addf(level, "cache-role", "Name the primary in LOCATION.", "The server of the cache is a replica: it may be behind, and "+
		"refuses to store sessions.")
}

func redisVersion(r *report, f map[string]string) {
	version := f["redis_version"]
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA == nil && errB == nil && (a < 2 || a == 2 && b < 8) {
		r.faultf("cache-version", "Update Redis.", "Redis %s is too old: it lacks options of SET that sessions need.", version)
	}
}

func redisMemory(r *report, f map[string]string, hasTable bool) {
	policy, limit, evicted := f["maxmemory_policy"], integer(f["maxmemory"]), integer(f["evicted_keys"])
	level, effect := Warning, "visitors are logged out"
	if hasTable {
		level, effect = Note, "pages read the table more often"
	}
	if policy != "" && policy != "noeviction" && limit > 0 {
		text := fmt.Sprintf("maxmemory-policy is %s: when the memory is full, Redis removes sessions, and %s.", policy, effect)
		if evicted > 0 {
			text += fmt.Sprintf(" It has removed %s keys since its start.", amount.Number(evicted))
		}
		r.addf(level, "cache-eviction", "Set maxmemory-policy to noeviction in a Redis of its own for sessions, with enough "+
			"memory.", "%s", text)
	}
	if used := integer(f["used_memory"]); limit > 0 && 10*used >= 9*limit && !r.lacks("cache-memory") {
		r.warnf("cache-memory", "Give Redis more memory (maxmemory).", "Redis uses %d%% of maxmemory.", 100*used/limit)
	}
}

// redisPersistence checks whether sessions survive a restart of Redis.
func (d *Deployment) redisPersistence(ctx context.Context, r *report, server redis.UniversalClient, f map[string]string,
	hasTable bool,
) {
	const check = "cache-persistence"
	if r.lacks(check) {
		return
	}
	if f["rdb_last_bgsave_status"] == "err" || f["aof_last_write_status"] == "err" {
		r.warnf(check, "Free space on the disk of Redis, and look at its log.", "The last attempt of Redis to write its data to "+
			"the disk has failed.")
	}
	if hasTable || f["aof_enabled"] == "1" {
		return
	}
	save, err := server.ConfigGet(ctx, "save").Result()
	switch {
	case err != nil:
		r.notef(check, "Permit CONFIG GET, or look at the options save and appendonly yourself.", "Whether Redis writes "+
			"snapshots is unknown: the "+
			"account may not run CONFIG GET.")
	case save["save"] == "":
		r.warnf(check, "Set appendonly yes, or save; or use cached_db, which has a table too.",
			"Redis writes nothing to the disk: a restart logs all visitors out.")
	default:
		r.okf(check, "Redis writes snapshots: a crash loses the sessions since the last one.")
	}
}

// unixTime reads a number of seconds.
func unixTime(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
