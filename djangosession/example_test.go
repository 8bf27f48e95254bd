package djangosession_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func ExampleManager() {
	ctx := context.Background()
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := memory.New(settings) // or tables.New for the site's database
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}

	session := sessions.New()
	session.Set("cart", map[string]int{"tea": 2})
	if err := session.Save(ctx); err != nil { // sets the key, which goes into the cookie
		fmt.Println(err)
		return
	}

	session, err = sessions.Load(ctx, session.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	cart, err := djangosession.Value[map[string]int](session, "cart")
	fmt.Println(cart, err)
	// Output: map[tea:2] <nil>
}

func ExampleCodec() {
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A text from the column session_data.
	session, err := codec.Decode("eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.Get("a"))
	// Output: 1 true
}

func ExampleCodec_Explain() {
	codec, err := djangosession.NewCodec(djangosession.NewSettings("test-secret-key\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	e := codec.Explain("eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8", djangosession.Candidates{})
	fmt.Println(e.Decodes, e.SignedWith.Key)
	// Output: false SECRET_KEY without the white space around it
}

func ExampleReadSettings() {
	// Printed by the site itself; see SettingsScript.
	settings, err := djangosession.ReadSettings(strings.NewReader(
		`{"DJANGO_VERSION": "4.2.30", "SECRET_KEY": "the site's", "SESSION_COOKIE_AGE": 3600, "USE_TZ": true}`))
	fmt.Println(settings.SessionCookieAge, settings.SessionCookieName, err)
	// Output: 1h0m0s sessionid <nil>
}
