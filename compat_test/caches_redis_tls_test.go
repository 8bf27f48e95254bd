package compat_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// authority is a private certificate authority, with its files in a folder.
type authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a.cert, a.key = a.write(t, "ca", template)
	return a
}

// issue writes a certificate for a host, NAME.pem, and its key, NAME.key.
func (a *authority) issue(t *testing.T, name, host string) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	a.write(t, name, template)
}

func (a *authority) write(t *testing.T, name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, certErr := x509.ParseCertificate(der)
	private, keyErr := x509.MarshalPKCS8PrivateKey(key)
	err = errors.Join(certErr, keyErr,
		os.WriteFile(a.file(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(a.file(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (a *authority) file(name string) string { return filepath.Join(a.folder, name) }

// newTLSRedis starts a Redis that wants certificates of its clients, and returns the URL
// of its port for TLS. Its certificate is that of host.
func newTLSRedis(t *testing.T, a *authority, host string) string {
	t.Helper()
	a.issue(t, "server-"+host, host)
	port := strconv.Itoa(unusedPort(t))
	newRedis(t, "--tls-port", port, "--tls-cert-file", a.file("server-"+host+".pem"), "--tls-key-file", a.file("server-"+host+".key"),
		"--tls-ca-cert-file", a.file("ca.pem"), "--tls-auth-clients", "yes")
	return "rediss://127.0.0.1:" + port + "/1"
}

// unusedPort returns a port of 127.0.0.1 that nothing uses.
func unusedPort(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it only found a port
	address, _ := l.Addr().(*net.TCPAddr)
	return address.Port
}

// tlsOptions are redis-py's arguments in the OPTIONS of a backend.
func tlsOptions(backend string, arguments map[string]any) map[string]any {
	if backend == djangoRedisBackend {
		return map[string]any{"CONNECTION_POOL_KWARGS": arguments}
	}
	return arguments
}

// TestRedisWithTLS has a Redis with a certificate of a private authority, which wants one
// of its clients, too. Django and Go take turns with the same settings.
func TestRedisWithTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue(t, "client", "client")
	url := newTLSRedis(t, a, "127.0.0.1")
	all := map[string]any{"ssl_ca_certs": a.file("ca.pem"), "ssl_certfile": a.file("client.pem"), "ssl_keyfile": a.file("client.key")}
	for _, backend := range []string{redisBackend, djangoRedisBackend} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			p := replicaPair(t, backend, []string{url}, tlsOptions(backend, all))
			p.exchange(t, p.create(t, map[string]any{"a": 1}), func(*testing.T) {})
		})
	}
}

// TestRedisRefusesBadCertificates has settings that redis-py 6 would not connect with
// either, and one that checks nothing. No error looks like a missing session.
func TestRedisRefusesBadCertificates(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	a.issue(t, "client", "client")
	url, elsewhere := newTLSRedis(t, a, "127.0.0.1"), newTLSRedis(t, a, "redis.example")
	client := map[string]any{"ssl_certfile": a.file("client.pem"), "ssl_keyfile": a.file("client.key")}
	with := func(name string, value any) map[string]any {
		all := map[string]any{name: value}
		maps.Copy(all, client)
		return all
	}
	for name, c := range map[string]struct {
		url       string
		arguments map[string]any
		problem   string // "": it connects
	}{
		"the authority":             {url: url, arguments: with("ssl_ca_certs", a.file("ca.pem"))},
		"no authority":              {url: url, arguments: client, problem: "certificate"},
		"another authority":         {url: url, arguments: with("ssl_ca_certs", other.file("ca.pem")), problem: "certificate"},
		"the name of another host":  {url: elsewhere, arguments: with("ssl_ca_certs", a.file("ca.pem")), problem: "certificate"},
		"nothing is checked":        {url: elsewhere, arguments: with("ssl_cert_reqs", "none")},
		"no certificate of its own": {url: url, arguments: map[string]any{"ssl_ca_certs": a.file("ca.pem")}, problem: "rediscache"},
		"no TLS":                    {url: strings.Replace(url, "rediss:", "redis:", 1), problem: "redis"},
	} {
		for _, backend := range []string{redisBackend, djangoRedisBackend} {
			key := djangosession.NewKey()
			e := redisEngine(t, backend, c.url, tlsOptions(backend, c.arguments))
			checked, created := e.Check(t.Context()), e.Create(t.Context(), redisRecord(key, 1))
			_, loaded := e.Load(t.Context(), key)
			for what, err := range map[string]error{"Check": checked, "Create": created, "Load": loaded} {
				switch {
				case c.problem == "":
					if err != nil {
						t.Errorf("%s: %s: %v", name, what, err)
					}
				case err == nil, errors.Is(err, djangosession.ErrNoSession), !strings.Contains(err.Error(), c.problem), strings.Contains(err.Error(), key):
					t.Errorf("%s: %s: %v, want %q", name, what, err, c.problem)
				}
			}
		}
	}
}
