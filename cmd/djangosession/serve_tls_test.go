package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestServeSpeaksTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate, pool := makeCertificate(t, dir)
	c := serveCommand{Listen: "127.0.0.1:0", SocketMode: "0660", TLSCert: dir + "/cert.pem", TLSKey: dir + "/key.pem", TLSCA: dir + "/cert.pem"}
	on, err := c.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer on.close()
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = server.Serve(on.all[0]) }() // until the socket is closed
	for name, test := range map[string]struct {
		certificates []tls.Certificate
		ok           bool
	}{
		"with a certificate": {certificates: []tls.Certificate{certificate}, ok: true},
		"without":            {},
	} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: pool, Certificates: test.certificates, ServerName: "shop.example.com", MinVersion: tls.VersionTLS12,
		}}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+on.all[0].Addr().String()+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		w, err := client.Do(r)
		if err == nil {
			_ = w.Body.Close() // a test
		}
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// makeCertificate writes cert.pem and key.pem.
func makeCertificate(t *testing.T, dir string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"shop.example.com"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	for name, data := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pair, pool
}
