package djangosession_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

var errOwnLoads = errors.New("a serializer's own Loads")

// strict and cautious are serializers of a program that inspects sessions before they are
// read.
type strict struct{ djangosession.PickleSerializer }

func (strict) Loads([]byte) (*py.Dict, error) { return nil, errOwnLoads }

type cautious struct {
	djangosession.TransitionalSerializer
}

func (cautious) Loads([]byte) (*py.Dict, error) { return nil, errOwnLoads }

func TestLoadsOfASerializerAroundOursIsCalled(t *testing.T) {
	t.Parallel()
	for name, serializer := range map[string]djangosession.Serializer{
		"around PickleSerializer":           strict{},
		"around TransitionalSerializer":     cautious{},
		"a pointer to one":                  &strict{},
		"around one that is around our own": struct{ strict }{},
	} {
		s := djangosession.NewSettings("a secret")
		s.Serializer = serializer
		codec, err := djangosession.NewCodec(s)
		if err != nil {
			t.Fatal(err)
		}
		d := py.NewDict(1)
		d.Set("a", int64(1))
		text, err := codec.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := codec.Decode(text); !errors.Is(err, errOwnLoads) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
