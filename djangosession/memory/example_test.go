package memory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

func Example() {
	engine, err := memory.New(djangosession.NewSettings("a secret for tests"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = engine.Load(context.Background(), "no-such-session")
	fmt.Println(errors.Is(err, djangosession.ErrNoSession))
	// Output: true
}
