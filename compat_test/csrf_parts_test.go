package compat_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomParts makes multipart bodies. Most are well-formed, with everything that
// browsers, programs and attackers write.
type randomParts struct{ csrfRandom }

func (r randomParts) form() (body, contentType string) {
	boundary := pick(r.csrfRandom, "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "xYzZY", "-", "a b", "a;b", "----WebKit'()+_,./:=?", strings.Repeat("b", 201), strings.Repeat("b", 202), "b ", "\xe9", `q"q`)
	contentType = pick(r.csrfRandom, "multipart/form-data; boundary=%s", "multipart/form-data; boundary=%s", "multipart/form-data; boundary=%s", "multipart/form-data; boundary=%s", `multipart/form-data; boundary="%s"`,
		`multipart/form-data;charset=utf-8;Boundary="%s"; x`, "multipart/form-data; boundary=a; boundary=%s", "multipart/form-data; boundary=<%s>", "multipart/form-data; boundary*=utf-8''%s",
		"multipart/form-data; boundary*0=%s", "multipart/form-data;boundary", `multipart/form-data; x="a;boundary=b"; boundary=%s`, `multipart/form-data; x="a\"; boundary=%s`)
	if strings.Contains(contentType, "%s") {
		contentType = fmt.Sprintf(contentType, boundary)
	}
	var b strings.Builder
	if r.chance(10) {
		b.WriteString(pick(r.csrfRandom, "\r\n", "preamble\r\n", "Content-Disposition: form-data; name=csrfmiddlewaretoken\r\n\r\n"+r.token()+"\r\n", strings.Repeat("p", 2000), "\n"))
	}
	for range 1 + r.IntN(4) {
		b.WriteString("--" + boundary + pick(r.csrfRandom, "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "", "--\r\n", " \r\n"))
		b.WriteString(r.part())
	}
	b.WriteString(pick(r.csrfRandom, "--"+boundary+"--\r\n", "--"+boundary+"--\r\n", "--"+boundary+"--", "--"+boundary, "", "--"+boundary+"--\r\nepilogue\r\n", "--"+boundary+"\r\n"))
	body = b.String()
	if r.chance(4) {
		body = strings.ReplaceAll(body, "\r\n", "\n")
	}
	if r.chance(4) {
		body = body[:r.IntN(len(body)+1)]
	}
	return body, contentType
}

// part is a header and a value.
func (r randomParts) part() string {
	quoted := func(s string) string {
		return pick(r.csrfRandom, `"`+s+`"`, `"`+s+`"`, `"`+s+`"`, `"`+s+`"`, s, " "+s+" ")
	}
	name := pick(r.csrfRandom, "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "csrfmiddlewaretoken", "other", "other", "", " csrfmiddlewaretoken\t", "csrfmiddleware\xff", "csrfmiddleware\xe2\x82", `a\"b`)
	disposition := pick(r.csrfRandom, "form-data", "form-data", "form-data", "form-data", "attachment", "", "form-data=x") + "; " + pick(r.csrfRandom, "name=", "name=", "name=", "name=", "NAME=", "name =", "name*=utf-8''", "name*=latin-1'de'", "name*=x'", "name*0=", "xname=", "name") + quoted(name)
	if r.chance(25) {
		disposition += "; " + pick(r.csrfRandom, "filename=", "filename=", "filename=", "filename*=utf-8''", "Filename=") + quoted(pick(r.csrfRandom, "a.txt", "a.txt", "a.txt", "", ".", "..", "/", `c:\\dir\\`, "&#46;", "\x7f", "a/.", "é.txt", "a;b.txt"))
	}
	lines := []string{pick(r.csrfRandom, "Content-Disposition: ", "Content-Disposition: ", "Content-Disposition: ", "Content-Disposition: ", "Content-Disposition: ", "content-disposition:", "Content-Disposition : ", " Content-Disposition: ", "Content-Disposition:\t", "X-Content-Disposition: ") + disposition}
	value := pick(r.csrfRandom, r.token(), r.token(), r.token(), r.token(), "", "x\r\ny", strings.Repeat("0", 100))
	if r.chance(20) {
		encoding := pick(r.csrfRandom, "base64", "base64", "base64", "Base64", "quoted-printable", "binary", "8bit", "7bit", " base64 ", "base64; x=y")
		lines = append(lines, "Content-Transfer-Encoding: "+encoding)
		if strings.Contains(strings.ToLower(encoding), "base64") && r.chance(80) {
			value = base64.StdEncoding.EncodeToString([]byte(value))
			switch r.IntN(8) {
			case 0:
				value = strings.TrimRight(value, "=")
			case 1:
				i := r.IntN(len(value) + 1)
				value = value[:i] + pick(r.csrfRandom, "\r\n", " ", "=", "-", "é", "!") + value[i:]
			}
		}
	}
	if r.chance(15) {
		lines = append(lines, pick(r.csrfRandom, "Content-Type: text/plain; charset=utf-16", "X: \xff", "nothing", "X: "+strings.Repeat("x", 900), "X: "+strings.Repeat("x", 1100), "Content-Disposition: form-data; name=other", "", "content-disposition"))
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	if r.chance(2) { // longer than what Django reads at a time
		fill := pick(r.csrfRandom, "x", "QUJD", "\r\n\r\n", "Content-Disposition: form-data; name=csrfmiddlewaretoken\r\n\r\n"+r.token()+"\r\n")
		value += strings.Repeat(fill, (60<<10+r.IntN(80<<10))/len(fill))
	}
	return strings.Join(lines, "\r\n") + pick(r.csrfRandom, "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\n\n", "\r\n") + value + pick(r.csrfRandom, "\r\n", "\r\n", "\r\n", "\r\n", "\n", "", "\r")
}

func (r randomParts) request() csrfCase {
	r.secret = r.chars(32)
	body, contentType := r.form()
	return csrfCase{
		Method: "POST", Port: "80", Calls: []string{}, Body: latin1Text(body),
		Settings: map[string]any{
			"ALLOWED_HOSTS":                 []string{"example.com"},
			"DATA_UPLOAD_MAX_MEMORY_SIZE":   pick[any](r.csrfRandom, 2621440, 2621440, 2621440, 160, 70000, nil),
			"DATA_UPLOAD_MAX_NUMBER_FIELDS": pick[any](r.csrfRandom, 1000, 1000, 1000, 2, 1, nil),
			"DATA_UPLOAD_MAX_NUMBER_FILES":  pick[any](r.csrfRandom, 100, 100, 100, 1, 0, nil),
		},
		Headers: [][2]string{{"Host", "example.com"}, {"Cookie", "csrftoken=" + r.secret}, {"Content-Type", latin1Text(contentType)}},
	}
}

// TestCSRFReadsRandomPartsAsDjango sends the same multipart forms to Django's middleware
// and to Go.
func TestCSRFReadsRandomPartsAsDjango(t *testing.T) {
	t.Parallel()
	const batches, size = 2, 400
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			django := csrfPeer(t, release)
			r := randomParts{csrfRandom{Rand: rand.New(rand.NewPCG(5, 6))}}
			seen := map[string]int{}
			failures := 0
			for range batches {
				cases := make([]csrfCase, size)
				for i := range cases {
					cases[i] = r.request()
				}
				for i, want := range ask[csrfCase, csrfOutcome](t, django, "answers", cases) {
					c := &cases[i]
					seen[reasonClass(c, want)]++
					got := c.serve(t, release)
					if c.describe(got) == c.describe(want) {
						continue
					}
					text, _ := json.Marshal(c)
					t.Errorf("%.6000s\nGo: %s\nDjango: %s (%s)", text, c.describe(got), c.describe(want), want.Reason)
					if failures++; failures == 10 {
						t.Fatal("and so on")
					}
				}
			}
			t.Logf("%d requests: %v", batches*size, seen)
			for _, class := range []string{"400", "checked and passed"} {
				if seen[class] < 25 {
					t.Errorf("only %d of the requests were %q", seen[class], class)
				}
			}
		})
	}
}
