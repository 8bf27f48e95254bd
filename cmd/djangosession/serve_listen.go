package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// listening are the sockets of a serve command.
type listening struct{ all []listener }

type listener struct {
	net.Listener

	api bool
}

// close closes the sockets. A Unix socket removes its file.
func (l *listening) close() {
	for _, one := range l.all {
		_ = one.Close() // often closed already
	}
}

// listen opens the sockets.
func (c *serveCommand) listen() (_ *listening, err error) {
	mode, err := strconv.ParseUint(c.SocketMode, 8, 9)
	if err != nil {
		return nil, usagef("--socket-mode must be a number in octal, such as 0660")
	}
	config, err := c.tls()
	if err != nil {
		return nil, err
	}
	all := &listening{}
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	proxies, err := listenAt("--listen", c.Listen, fs.FileMode(mode))
	if err != nil {
		return nil, err
	}
	if config != nil {
		proxies = tls.NewListener(proxies, config)
	}
	all.all = append(all.all, listener{Listener: proxies})
	if c.API == "" {
		return all, nil
	}
	if !isLocalAddress(c.API) {
		return nil, usagef("--api must be unix:PATH, or an address such as 127.0.0.1:8789: it shows whole sessions, so only programs " +
			"on this machine may read it")
	}
	api, err := listenAt("--api", c.API, fs.FileMode(mode))
	if err != nil {
		return nil, err
	}
	all.all = append(all.all, listener{api, true})
	return all, nil
}

// listenAt opens a socket. It replaces the file of a Unix socket that no process uses.
func listenAt(flag, address string, mode fs.FileMode) (net.Listener, error) {
	var config net.ListenConfig
	path, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		l, err := config.Listen(context.Background(), "tcp", address)
		if err != nil {
			return nil, usagef("%s: %w", flag, err)
		}
		return l, nil
	}
	removeStaleSocket(path)
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, usagef("%s: %w", flag, err)
	}
	if err := os.Chmod(path, mode); err != nil {
		_ = l.Close() // the other error says more
		return nil, usagef("%s: %w", flag, err)
	}
	return l, nil
}

// removeStaleSocket removes a socket that a killed process has left.
func removeStaleSocket(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return
	}
	c, err := new(net.Dialer).DialContext(context.Background(), "unix", path)
	if err == nil {
		_ = c.Close() // nothing was written
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path) // otherwise listening fails
	}
}

// isLocalAddress reports whether only programs on this machine can reach an address.
func isLocalAddress(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// tls returns the configuration of TLS, or nil.
func (c *serveCommand) tls() (*tls.Config, error) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return nil, usagef("--tls-cert and --tls-key belong together")
	case c.TLSCert == "" && c.TLSCA != "":
		return nil, usagef("--tls-client-ca needs --tls-cert and --tls-key")
	case c.TLSCert == "":
		return nil, nil //nolint:nilnil // no TLS
	}
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		return &pair, err
	}
	if _, err := load(); err != nil {
		return nil, usagef("--tls-cert, --tls-key: %w", err)
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return load() },
	}
	if c.TLSCA == "" {
		return config, nil
	}
	authorities, err := readUpTo(c.TLSCA, maxSettings)
	if err != nil {
		return nil, usagef("--tls-client-ca: %w", err)
	}
	config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !config.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, usagef("--tls-client-ca: %s contains no certificates in PEM", c.TLSCA)
	}
	return config, nil
}
