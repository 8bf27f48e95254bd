package djangosession_test

import (
	"context"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// Two requests change different values of the same session at the same time. Without
// MergeSaves, the second save would remove the value of the first.
func ExampleOptions_mergeSaves() {
	ctx := context.Background()
	settings := djangosession.NewSettings("the site's SECRET_KEY")
	engine, err := memory.New(settings) // or tables.New for the site's database
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{MergeSaves: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	visitor := sessions.New()
	if err := visitor.Save(ctx); err != nil {
		fmt.Println(err)
		return
	}

	first, err := sessions.Load(ctx, visitor.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := sessions.Load(ctx, visitor.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	first.Set("cart", "tea")
	second.Set("theme", "dark")
	for _, session := range []*djangosession.Session{first, second} {
		if err := session.Save(ctx); err != nil {
			fmt.Println(err)
			return
		}
	}

	stored, err := sessions.Load(ctx, visitor.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stored.Keys())
	// Output: [cart theme]
}

// A session that ends an hour after its last save, and one that ends with the browser.
func ExampleSession_SetExpiry() {
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
	for _, seconds := range []int64{3600, 0} {
		session.SetExpiry(seconds)
		age, err := session.GetExpiryAge()
		if err != nil {
			fmt.Println(err)
			return
		}
		stored := time.Duration(age * float64(time.Second))
		fmt.Println("stored for", stored, "ends with the browser:", session.GetExpireAtBrowserClose())
	}
	// Output:
	// stored for 1h0m0s ends with the browser: false
	// stored for 336h0m0s ends with the browser: true
}
