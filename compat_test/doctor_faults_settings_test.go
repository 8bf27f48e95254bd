package compat_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// brokenSettings have a fault in the settings or in the code of the site.
func brokenSettings() []brokenSite {
	return []brokenSite{
		{
			name: "the key of Django has changed", check: "settings-outdated", level: "fault", says: "settings script",
			settings: text(""),
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				module := "rotated"
				b.shop.write("shop/"+module+".py", "from shop.front import *\nSECRET_KEY = \"the-new-key-of-the-site\"\n"+
					fmt.Sprintf("DATABASES[\"default\"][\"NAME\"] = %q\n", b.base.name))
				b.shop.run("DJANGO_SETTINGS_MODULE=shop." + module + " python doctor.py sessions")
				return nil
			},
		},
		{
			name: "a key was removed too early", check: "sessions-decode", level: "fault", says: "SECRET_KEY_FALLBACKS",
			settings: text("SECRET_KEY = \"another-key-since-today\"\n"),
		},
		{
			name: "the session store class is another one", check: "sessions-decode", level: "fault", says: "salt",
			also: []string{"settings-outdated"},
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"SESSION_STORE": "OtherStore"})
				return nil
			},
		},
		{
			name: "the serializer is another one", check: "sessions-decode", level: "fault", says: "serializer",
			also: []string{"settings-outdated"},
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{
					"SESSION_SERIALIZER": "django.contrib.sessions.serializers.PickleSerializer",
					"DJANGO_VERSION":     "4.2.30",
				})
				return nil
			},
		},
		{
			name: "everybody can read the settings", check: "settings-mode", level: "fault", says: "chmod 600",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				change(t, filepath.Join(b.dir, "site.json"), 0o644)
				return nil
			},
		},
		{
			name: "the settings are not complete", check: "settings", level: "fault", says: "USE_TZ",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"USE_TZ": nil})
				return nil
			},
		},
		{
			name: "the settings are from the future", check: "settings-age", level: "warning", says: "future",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"EXPORTED_AT": time.Now().Add(time.Hour).Unix()})
				return nil
			},
		},
		{
			name: "the release is unknown", check: "django-release", level: "fault", says: "newer",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"DJANGO_VERSION": "7.0"})
				return nil
			},
		},
		{
			name: "the session engine stores sessions in its own way", check: "session-engine", level: "fault", says: "overrides load",
			files: map[string]string{"shop/store.py": "from django.contrib.sessions.backends import db\n\n\nclass " +
				"SessionStore(db.SessionStore):\n" +
				"    def load(self):\n        return {}\n"},
			settings: text("SESSION_ENGINE = \"shop.store\"\n"),
		},
		{
			name: "a middleware changes the user", check: "middleware", level: "warning", says: "shop.middleware.Impersonate",
			settings: text("MIDDLEWARE += [\"shop.middleware.Impersonate\"]\n"),
		},
		{
			name: "the order of middlewares is wrong", check: "middleware", level: "fault", says: "before SessionMiddleware",
			settings: text("MIDDLEWARE = [\"django.contrib.auth.middleware.AuthenticationMiddleware\"] + MIDDLEWARE\n"),
		},
		{
			name: "an authentication backend is the site's " +
				"own", check: "authentication-backends", level: "warning", says: "shop.auth.TokenBackend",
			settings: text("AUTHENTICATION_BACKENDS = [\"django.contrib.auth.backends.ModelBackend\", \"shop.auth.TokenBackend\"]\n"),
		},
		{
			name: "a password hasher is the site's own", check: "password-hashers", level: "warning", says: "shop.hashers.Rot13",
			files: map[string]string{"shop/hashers.py": "from django.contrib.auth.hashers import BasePasswordHasher\n\n\n" +
				"class Rot13(BasePasswordHasher):\n    algorithm = \"rot13\"\n"},
			settings: text("PASSWORD_HASHERS = [\"django.contrib.auth.hashers.PBKDF2PasswordHasher\", \"shop.hashers.Rot13\"]\n"),
		},
		{
			name: "code runs after logins", check: "login-receivers", level: "warning", says: "merge_carts",
			files: map[string]string{
				"carts/__init__.py": "", "carts/apps.py": "from django.apps import AppConfig\n\n\nclass Carts(AppConfig):\n    name = " +
					"\"carts\"\n\n" +
					"    def ready(self):\n        import carts.signals\n",
				"carts/signals.py": "from django.contrib.auth.signals import user_logged_in\n\n\ndef merge_carts(**kwargs):\n    " +
					"pass\n\n\n" +
					"user_logged_in.connect(merge_carts)\n",
			},
			settings: text("INSTALLED_APPS += [\"carts.apps.Carts\"]\n"),
		},
		{
			name: "the user model binds sessions to something else", check: "user-model", level: "fault", says: "get_session_auth_hash",
			also: []string{"user-table"}, // it is not migrated
			files: map[string]string{
				"people/__init__.py": "", "people/models.py": "from django.contrib.auth.models import AbstractUser\n\n\nclass " +
					"User(AbstractUser):\n" +
					"    def get_session_auth_hash(self):\n        return \"same\"\n",
			},
			settings: text("INSTALLED_APPS += [\"people\"]\nAUTH_USER_MODEL = \"people.User\"\n"),
		},
		{
			name: "SameSite is None without Secure", check: "cookie-samesite", level: "fault", says: "SESSION_COOKIE_SECURE",
			settings: text("SESSION_COOKIE_SAMESITE = \"None\"\nSESSION_COOKIE_SECURE = False\n"),
		},
		{
			name: "the prefix of the cookie forbids a domain", check: "cookie-prefix", level: "fault", says: "__Host-session",
			settings: text("SESSION_COOKIE_NAME = \"__Host-session\"\nSESSION_COOKIE_DOMAIN = \"shop.test\"\n"),
		},
		{
			name: "the domain of the cookie is not the site's", check: "cookie-domain", level: "fault", says: "SESSION_COOKIE_DOMAIN",
			settings: text("SESSION_COOKIE_DOMAIN = \".example.com\"\n"),
		},
		{
			name: "both cookies have one name", check: "cookie-names", level: "fault", says: "overwrites",
			settings: text("CSRF_COOKIE_NAME = SESSION_COOKIE_NAME = \"shop\"\n"),
		},
		{
			name: "cookies are not secure behind HTTPS", check: "cookie-secure", level: "warning", says: "SESSION_COOKIE_SECURE",
			settings: text("SESSION_COOKIE_SECURE = False\n"),
		},
		{
			name: "the header of the proxy is misspelled", check: "proxy", level: "fault", says: "HTTP_X_FORWARDED_PROTO",
			settings: text("SECURE_PROXY_SSL_HEADER = (\"X-Forwarded-Proto\", \"https\")\n"),
		},
		{
			name: "a trusted origin has no scheme", check: "csrf-origins", level: "fault", says: "scheme",
			also:     []string{"csrf-settings"},
			settings: text("CSRF_TRUSTED_ORIGINS = [\"shop.test\"]\n"),
		},
		{
			name: "DEBUG is on", check: "debug", level: "warning", says: "DEBUG = False", settings: text("DEBUG = True\n"),
		},
		{
			name: "a trusted origin cannot be parsed", check: "csrf-settings", level: "fault", says: "CSRF_TRUSTED_ORIGINS",
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.edit(t, map[string]any{"CSRF_TRUSTED_ORIGINS": []string{"https://[shop.test"}})
				return nil
			},
		},
	}
}

// start starts a line for the shell, and returns the file with what it prints.
func (p project) start(t *testing.T, command string) (server *os.Process, printed string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() //nolint:errcheck // the process has it too
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", "-c", command)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = append(os.Environ(), "PATH="+p.bin+":"+os.Getenv("PATH"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process, log.Name()
}
