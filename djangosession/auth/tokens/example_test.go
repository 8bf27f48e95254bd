package tokens_test

import (
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
)

// A link that resets a password. Django's PasswordResetConfirmView accepts it too.
func Example() {
	settings := djangosession.NewSettings("the site's SECRET_KEY") // in a service: ReadSettingsFile
	settings.TimeZone = "UTC"
	settings.Now = func() time.Time { return time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC) }
	generator, err := tokens.New(settings, tokens.Options{})
	if err != nil {
		log.Fatal(err)
	}

	user := &auth.User{ID: "1", Password: "pbkdf2_sha256$...", Email: "anne@example.com"} // from Users
	token, err := generator.Make(user)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("/reset/" + tokens.EncodeUID(user.ID) + "/" + token + "/")

	fmt.Println(generator.Check(user, token))
	user.Password = "pbkdf2_sha256$another"
	fmt.Println("after its use:", generator.Check(user, token))
	// Output:
	// /reset/MQ/dit000-da0eb9d58c2933bf46c5d2756dc7002b/
	// true
	// after its use: false
}

// A subclass of PasswordResetTokenGenerator that activates accounts.
func ExampleOptions() {
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	activation, err := tokens.New(settings, tokens.Options{
		KeySalt: "shop.tokens.ActivationTokenGenerator",
		// f"{user.pk}{timestamp}{user.is_active}" in Python
		HashValue: func(user *auth.User, timestamp int64) string {
			active := "False"
			if user.IsActive {
				active = "True"
			}
			return user.ID + strconv.FormatInt(timestamp, 10) + active
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	user := &auth.User{ID: "1"}
	token, err := activation.Make(user)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(activation.Check(user, token))
	user.IsActive = true
	fmt.Println(activation.Check(user, token))
	// Output:
	// true
	// false
}
