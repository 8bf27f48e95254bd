package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// page fetches the login page of the site once, and compares the answer with the
// settings.
func (d *Deployment) page(ctx context.Context, r *report) {
	const check = "url"
	if d.Page == nil {
		return
	}
	login, err := url.Parse(cmp.Or(d.Settings.LoginURL, "/accounts/login/"))
	if err != nil {
		r.unknown(check, errors.New("LOGIN_URL is not a URL"))
		return
	}
	where := d.Page.ResolveReference(login)
	client := http.Client{}
	if d.HTTP != nil {
		client = *d.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), http.NoBody)
	if err != nil {
		r.unknown(check, err)
		return
	}
	request.Header.Set("User-Agent", "djangosession doctor")
	before := d.Now()
	response, err := client.Do(request)
	after := d.Now()
	if err != nil {
		r.faultf(check, "Check --url, and that the site runs.", "The login page cannot be fetched: %v.", err)
		return
	}
	defer response.Body.Close() //nolint:errcheck // only its header is read
	const most = 1 << 20
	_, _ = io.CopyN(io.Discard, response.Body, most)
	d.status(r, response)
	d.serverDate(r, response, before, after)
	set := map[string]*http.Cookie{}
	for _, c := range response.Cookies() {
		set[c.Name] = c
	}
	all := []cookie{sessionCookie(&d.Settings), csrfCookie(&d.Settings)}
	for _, c := range all {
		if sent := set[c.name]; sent != nil {
			c.compare(r, sent)
		}
	}
	if set[d.Settings.CSRFCookieName] == nil && !d.Settings.CSRFUseSessions && response.StatusCode == http.StatusOK {
		r.warnf("url-cookies", "Export the settings again, and check that the page is that of the site and contains {% "+
			"csrf_token %}.",
			"The login page does not set the cookie %q: the site has another CSRF_COOKIE_NAME, or no form "+
				"there.", d.Settings.CSRFCookieName)
	}
	r.okUnlessf("url-cookies", "The cookies of the login page are those of the settings.")
	vary(r, response)
}

func (d *Deployment) status(r *report, response *http.Response) {
	switch status := response.StatusCode; {
	case status == http.StatusOK:
		r.okf("url", "The login page can be fetched.")
	case status == http.StatusBadRequest:
		r.faultf("url", "Check ALLOWED_HOSTS, and that the proxy passes the header Host on.", "The login page answers with "+
			"status 400.")
	case status >= http.StatusInternalServerError:
		r.faultf("url", "Look at the logs of the proxy and of Django.", "The login page answers with status %d.", status)
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		r.notef("url", "Give the address that it redirects to.", "The login page redirects to another address.")
	default:
		r.warnf("url", "Export the settings again: LOGIN_URL may have changed.", "The login page answers with status %d.", status)
	}
}

func (d *Deployment) serverDate(r *report, response *http.Response, before, after time.Time) {
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		r.notef("url-clock", "Compare the clocks by hand.", "The response has no Date: the clock of the site is unknown.")
		return
	}
	d.clock(r, "url-clock", "the site's web server", date, before, after, time.Second)
}

// compare compares a cookie that the site has set with the settings.
func (c cookie) compare(r *report, sent *http.Cookie) {
	const check = "url-cookies"
	differs := func(attribute, got, want string) {
		if got != want {
			r.faultf(check, fmt.Sprintf("Export the settings again, or look for a proxy that changes cookies. The setting is "+
				"%s_%s.", c.setting, attribute),
				"The site sets the cookie %q with %s %q, and the settings say %q: browsers would keep two cookies, or refuse one.",
				c.name, attribute, got, want)
		}
	}
	sameSite := map[http.SameSite]string{
		http.SameSiteLaxMode: "Lax", http.SameSiteStrictMode: "Strict", http.SameSiteNoneMode: "None",
	}[sent.SameSite]
	if strings.EqualFold(sameSite, c.sameSite) { // Django accepts the setting in any case
		sameSite = c.sameSite
	}
	differs("DOMAIN", strings.TrimPrefix(sent.Domain, "."), strings.TrimPrefix(c.domain, "."))
	differs("PATH", cmp.Or(sent.Path, "/"), cmp.Or(c.path, "/"))
	differs("SAMESITE", sameSite, c.sameSite)
	differs("SECURE", strconv.FormatBool(sent.Secure), strconv.FormatBool(c.secure))
	differs("HTTPONLY", strconv.FormatBool(sent.HttpOnly), strconv.FormatBool(c.httpOnly))
}

// vary checks that shared caches keep the pages of visitors apart.
func vary(r *report, response *http.Response) {
	const check = "url-vary"
	all := strings.ToLower(strings.Join(response.Header.Values("Vary"), ","))
	control := strings.ToLower(response.Header.Get("Cache-Control"))
	switch {
	case len(response.Cookies()) == 0, strings.Contains(all, "cookie"), strings.Contains(all, "*"):
		r.okf(check, "Pages that set cookies have Vary: Cookie.")
	case strings.Contains(control, "private"), strings.Contains(control, "no-store"):
		r.okf(check, "Shared caches do not keep pages that set cookies.")
	default:
		r.warnf(check, "Let the proxy pass the header Vary on.", "The login page sets cookies without Vary: Cookie: a shared "+
			"cache may give "+
			"the page of one visitor to another.")
	}
}
