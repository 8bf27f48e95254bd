package compat_test

import (
	"fmt"
	"slices"
	"strings"
)

// The sessions that are stored before each request.
const (
	liveKey    = "livelivelivelivelivelivelivelive"
	expiredKey = "expiredexpiredexpiredexpired1234"
	corruptKey = "corruptcorruptcorruptcorrupt1234"
	oddKey     = `odd,key;"é 1234`
)

// httpCookies are values of the header Cookie. "SID" is replaced with the name of the
// session cookie.
var httpCookies = map[string]string{
	"none":               "",
	"another":            "other=" + liveKey,
	"live":               "SID=" + liveKey,
	"live among others":  "a=1; SID=" + liveKey + "; b",
	"live in quotes":     `SID="` + liveKey + `"`,
	"live after unknown": "SID=unknownunknown; SID=" + liveKey,
	"live before short":  "SID=" + liveKey + "; SID=short",
	"odd":                `SID="odd\054key\073\"\351 1234"`,
	"unknown":            "SID=unknownunknownunknownunknown1234",
	"of seven":           "SID=1234567",
	"of eight":           "SID=12345678",
	"empty":              "SID=",
	"empty in quotes":    `SID=""`,
	"garbage":            "SID=\u20ac\u20ac; =; \"SID=x",
	"too long":           "SID=" + liveKey + liveKey,
	"expired":            "SID=" + expiredKey,
	"corrupt":            "SID=" + corruptKey,
}

type step = []any

// httpUses are the things that the view does with the session.
var httpUses = map[string][]step{
	"untouched":              nil,
	"asked if empty":         {{"get", "n"}, {"is_empty"}},
	"read":                   {{"get", "n"}},
	"set":                    {{"set", "n", "new"}},
	"set to the same":        {{"set", "n", "old"}},
	"set and deleted":        {{"set", "x", 1}, {"delete", "x"}},
	"flushed":                {{"get", "n"}, {"flush"}},
	"flushed and set":        {{"get", "n"}, {"flush"}, {"set", "n", "new"}},
	"set and flushed":        {{"set", "n", "new"}, {"flush"}},
	"cleared":                {{"get", "n"}, {"clear"}},
	"cleared and set":        {{"get", "n"}, {"clear"}, {"set", "n", "new"}},
	"cycled":                 {{"cycle_key"}},
	"set and cycled":         {{"set", "n", "new"}, {"cycle_key"}},
	"cycled and set":         {{"cycle_key"}, {"set", "n", "new"}},
	"saved":                  {{"set", "n", "new"}, {"save"}},
	"expiry none":            {{"set_expiry", nil}},
	"expiry 0":               {{"set_expiry", 0}},
	"expiry 3600":            {{"set_expiry", 3600}},
	"expiry -10":             {{"set_expiry", -10}},
	"expiry 10.7":            {{"set_expiry", 10.7}},
	"expiry -0.5":            {{"set_expiry", -0.5}},
	"expiry 20.0":            {{"set_expiry", 20.0}},
	"expiry 0.0":             {{"set_expiry", 0.0}},
	"expiry True":            {{"set_expiry", true}},
	"expiry False":           {{"set_expiry", false}},
	"expiry text":            {{"set_expiry", ""}},
	"expiry too far":         {{"set_expiry", 1_000_000_000_000}},
	"expiry a list":          {{"set", "_session_expiry", []any{1}}},
	"expiry timedelta":       {{"set_expiry_delta", 90061.5}},
	"expiry date":            {{"set_expiry_date", "2033-05-18T03:33:20.5+00:00"}},
	"expiry date, past":      {{"set_expiry_date", "2001-05-18T03:33:20+00:00"}},
	"expiry date, naive":     {{"set_expiry_date", "2033-05-18T03:33:20"}},
	"gone meanwhile":         {{"get", "n"}, {"delete_row", liveKey}},
	"set and gone meanwhile": {{"set", "n", "new"}, {"delete_row", liveKey}},
	"cycled and gone before": {{"get", "n"}, {"delete_row", liveKey}, {"cycle_key"}},
	"exception":              {{"raise"}},
	"set and exception":      {{"set", "n", "new"}, {"raise"}},
	"flushed and exception":  {{"get", "n"}, {"flush"}, {"raise"}},
}

// httpSettings are changes of the settings, under Django's names.
var httpSettings = map[string]map[string]any{
	"defaults":        {},
	"every request":   {"SESSION_SAVE_EVERY_REQUEST": true},
	"browser close":   {"SESSION_EXPIRE_AT_BROWSER_CLOSE": true},
	"both":            {"SESSION_SAVE_EVERY_REQUEST": true, "SESSION_EXPIRE_AT_BROWSER_CLOSE": true},
	"an hour":         {"SESSION_COOKIE_AGE": 3600},
	"domain":          {"SESSION_COOKIE_DOMAIN": ".example.com"},
	"path and secure": {"SESSION_COOKIE_PATH": "/shop/", "SESSION_COOKIE_SECURE": true, "SESSION_COOKIE_SAMESITE": "Strict"},
	"not httponly":    {"SESSION_COOKIE_HTTPONLY": false, "SESSION_COOKIE_SAMESITE": nil},
	"samesite none":   {"SESSION_COOKIE_SAMESITE": "none", "SESSION_COOKIE_SECURE": true},
	"name":            {"SESSION_COOKIE_NAME": "__Secure-sid"},
	"other name":      {"SESSION_COOKIE_NAME": "__Host-shop", "SESSION_COOKIE_SAMESITE": "None"},
}

// httpCase is a request and what the view does with it.
type httpCase struct {
	cookie, use, settings string
	status                int
	vary                  string
}

func (c httpCase) String() string {
	return fmt.Sprintf("cookie %s, %s, status %d, settings %s, Vary %q", c.cookie, c.use, c.status, c.settings, c.vary)
}

// comparable reports whether the release is one to compare the case with.
func (c httpCase) comparable(release string) bool {
	switch sameSite, _ := httpSettings[c.settings]["SESSION_COOKIE_SAMESITE"].(string); {
	case release < "3.1" && strings.EqualFold(sameSite, "none"):
		return false // Django refuses the setting with each response
	case release < "3.0" && strings.Contains(c.vary, "*"):
		return false // it adds what * already says
	}
	return true
}

// httpCases returns all combinations of what affects the session, and each setting and
// status with what depends on it.
func httpCases() []httpCase {
	cases := make([]httpCase, 0, 4000)
	for cookie := range httpCookies {
		for use := range httpUses {
			cases = append(cases, httpCase{cookie: cookie, use: use, settings: "defaults", status: 200})
		}
		for settings := range httpSettings {
			for _, use := range []string{"untouched", "read", "set", "flushed", "expiry 0", "expiry 3600"} {
				cases = append(cases, httpCase{cookie: cookie, use: use, settings: settings, status: 200})
			}
		}
		for _, status := range []int{302, 304, 404, 500, 503} {
			for _, use := range []string{"untouched", "read", "set", "flushed"} {
				for _, settings := range []string{"defaults", "every request"} {
					cases = append(cases, httpCase{cookie: cookie, use: use, settings: settings, status: status})
				}
			}
		}
	}
	for _, vary := range []string{"Accept-Language", "accept,cookie", "*", "Accept, *"} {
		for _, use := range []string{"untouched", "read", "set"} {
			cases = append(cases, httpCase{cookie: "live", use: use, settings: "defaults", status: 200, vary: vary})
		}
	}
	slices.SortFunc(cases, func(a, b httpCase) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(cases)
}

func httpValues() map[string]any { return map[string]any{"n": "old", "m": []any{1.0, nil}} }

// httpRows are the sessions that each request finds.
func httpRows() []any {
	values := httpValues()
	return []any{
		map[string]any{"key": liveKey, "ends": 1000, "values": values},
		map[string]any{"key": oddKey, "ends": 1000, "values": values},
		map[string]any{"key": expiredKey, "ends": -1, "values": values},
		map[string]any{"key": corruptKey, "ends": 1000, "text": "Y29ycnVwdA=="},
	}
}
