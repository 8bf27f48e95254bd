package rediscache

import "testing"

// The results are those of redis-py: None is not the default of these arguments.
func TestRequirementsOfCertificates(t *testing.T) {
	t.Parallel()
	type options = map[string]any
	for name, c := range map[string]struct {
		given                     options
		verifiesChain, verifyName bool
	}{
		"default":        {given: options{}, verifiesChain: true, verifyName: true},
		"required":       {given: options{"ssl_cert_reqs": "required"}, verifiesChain: true, verifyName: true},
		"none":           {given: options{"ssl_cert_reqs": "none"}},
		"CERT_NONE":      {given: options{"ssl_cert_reqs": 0.0}},
		"None":           {given: options{"ssl_cert_reqs": nil}},
		"any name":       {given: options{"ssl_check_hostname": false}, verifiesChain: true},
		"None for names": {given: options{"ssl_check_hostname": nil}, verifiesChain: true},
	} {
		config, err := newTLS(newValues("OPTIONS", c.given), true, tlsDefaults{checkHostname: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if chain := !config.InsecureSkipVerify || config.VerifyConnection != nil; chain != c.verifiesChain {
			t.Errorf("%s: the chain is verified: %v", name, chain)
		}
		if config.InsecureSkipVerify == c.verifyName {
			t.Errorf("%s: the name is verified: %v", name, !config.InsecureSkipVerify)
		}
	}
}
