package rediscache

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// tlsDefaults are what differs between releases of redis-py.
type tlsDefaults struct {
	checkHostname bool // since 6.0
}

var errNoCertificates = errors.New("no certificates")

// newTLS reads redis-py's arguments for TLS. It returns nil without TLS, where they have
// no effect.
func newTLS(v *values, secure bool, o tlsDefaults) (*tls.Config, error) {
	var ca, caFolder, caData, cert, key string
	checkHostname, minVersion := o.checkHostname, 0
	certReqs, hasCertReqs := v.given["ssl_cert_reqs"]
	v.ignore("ssl_cert_reqs", "ssl_ciphers") // Go chooses among safe ciphers
	err := firstError(
		func() error { return v.text("ssl_ca_certs", &ca) },
		func() error { return v.text("ssl_ca_path", &caFolder) },
		func() error { return v.text("ssl_ca_data", &caData) },
		func() error { return v.text("ssl_certfile", &cert) },
		func() error { return v.text("ssl_keyfile", &key) },
		func() error { return v.flag("ssl_check_hostname", &checkHostname) },
		func() error { return v.number("ssl_min_version", &minVersion) },
	)
	if err != nil || !secure {
		return nil, err
	}
	verify := true
	if hasCertReqs {
		switch certReqs {
		case "none", "CERT_NONE", 0.0, 0:
			verify = false
		case "optional", "required", "CERT_OPTIONAL", "CERT_REQUIRED", 1.0, 2.0, 1, 2: // the same for clients
		default:
			return nil, v.refuse("ssl_cert_reqs", `must be "none", "optional" or "required"`)
		}
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if minVersion == tls.VersionTLS13 {
		c.MinVersion = tls.VersionTLS13
	}
	if cert != "" {
		if key == "" {
			key = cert
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, v.refuse("ssl_certfile", "cannot be read with ssl_keyfile on this machine: copy the files, or correct their names")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if c.RootCAs, err = roots(ca, caFolder, caData); err != nil {
		return nil, v.refuse("ssl_ca_certs", "(or ssl_ca_path, or ssl_ca_data) cannot be read on this machine: copy the file, "+
			"or correct its name")
	}
	if !verify || !checkHostname {
		c.InsecureSkipVerify = true // as the site has configured it
		if verify {
			c.VerifyConnection = verifyChain(c.RootCAs)
		}
	}
	return c, nil
}

// roots returns the certificates of the system and those given.
func roots(file, folder, data string) (*x509.CertPool, error) {
	if file == "" && folder == "" && data == "" {
		return nil, nil //nolint:nilnil // which means those of the system
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	files := []string{}
	if file != "" {
		files = append(files, file)
	}
	if folder != "" {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, filepath.Join(folder, e.Name()))
			}
		}
	}
	found := data != "" && pool.AppendCertsFromPEM([]byte(data))
	for _, name := range files {
		pem, err := os.ReadFile(name) //nolint:gosec // the settings choose the file
		if err != nil {
			return nil, err
		}
		found = pool.AppendCertsFromPEM(pem) || found
	}
	if !found {
		return nil, errNoCertificates
	}
	return pool, nil
}

// verifyChain verifies a certificate without the name in it.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}
