package djangosession_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pickle"
)

func TestDjangosPickledSessionsAreReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	forEachVector(t, "pickle", func(t *testing.T, django string, v *vector) {
		codec, err := djangosession.NewCodec(v.settings(t, django))
		must(err)
		decoded, err := codec.Decode(v.Encoded)
		if err != nil {
			t.Fatal(err)
		}
		want := dictOf(t, v.Session)
		if got := py.Native(decoded); !py.Equal(got, want) {
			t.Fatalf("read otherwise than %s:\n%s", v.Session, taggedText(t, got))
		}
		serializer := djangosession.PickleSerializer{Protocol: v.Protocol}
		if again, err := serializer.Dumps(decoded); err != nil || string(again) != string(*v.Payload) {
			t.Errorf("written back as %q, %v\nwant            %q", again, err, *v.Payload)
		}
		if encoded, err := codec.Encode(decoded); err != nil || !v.Compressed && encoded != v.Encoded {
			t.Errorf("encoded %q, %v\nwant    %q", encoded, err, v.Encoded)
		}
		// Values built from tagged JSON are not shared, so the bytes may differ.
		encoded, err := codec.Encode(want)
		must(err)
		if back, err := codec.Decode(encoded); err != nil || !py.Equal(py.Native(back), want) {
			t.Errorf("the values come back otherwise, %v", err)
		}
	}, "encode")
}

func TestUntouchedPickledValuesStayWhenAnotherIsSet(t *testing.T) {
	t.Parallel()
	forEachVector(t, "pickle", func(t *testing.T, django string, v *vector) {
		if v.Changed == nil {
			t.Skip("Django writes other bytes after reading it")
		}
		for _, merge := range []bool{false, true} {
			m, e := siteWith(t, djangosession.Options{MergeSaves: merge}, func(to *djangosession.Settings) { *to = v.settings(t, django) })
			e.SetRow("akeyof8characters", v.Encoded, frozen.AddDate(1, 0, 0))
			s, err := m.Load(t.Context(), "akeyof8characters")
			must(err)
			s.Values() // reading changes nothing
			s.Set("go", []int{1})
			if err := s.Save(t.Context()); err != nil {
				if strings.HasPrefix(v.Name, "pickle-expiry-timedelta") {
					return // Django does not save it either
				}
				t.Fatal(err)
			}
			text, _, _ := e.Row("akeyof8characters")
			codec, err := djangosession.NewCodec(v.settings(t, django))
			must(err)
			stored, err := codec.Decode(text)
			must(err)
			got, err := djangosession.PickleSerializer{Protocol: v.Protocol}.Dumps(stored)
			if err != nil || string(got) != string(*v.Changed) {
				t.Errorf("merged %v: stored %q, %v\nwant           %q", merge, got, err, *v.Changed)
			}
		}
	}, "encode")
}

func TestDjangosStoredPicklesAreReadOrRefused(t *testing.T) {
	t.Parallel()
	forEachVector(t, "pickle", func(t *testing.T, django string, v *vector) {
		codec, err := djangosession.NewCodec(v.settings(t, django))
		must(err)
		decoded, err := codec.Decode(v.Encoded)
		if v.Expect != "ok" {
			var refused *djangosession.DecodeError
			if !errors.As(err, &refused) || string(refused.Reason) != v.Expect {
				t.Errorf("error %v, want the reason %s", err, v.Expect)
			}
			return
		}
		if err != nil || !py.Equal(py.Native(decoded), value(t, v.Session)) {
			t.Errorf("decoded otherwise, %v; want %s", err, v.Session)
		}
	}, "decode")
}

// pickled is a case of pickle.json: a pickle written by Python's pickle module.
type pickled struct {
	Name     string
	Expect   string
	Protocol int
	Value    json.RawMessage
	Pickle   fixtures.Latin1
	Other    struct{ Pickle fixtures.Latin1 } `json:"python_3.10"` // the same value, if that Python writes it differently
}

func TestPythonsPicklesAreReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	file, err := fixtures.Read[pickled]("pickle.json")
	must(err)
	if len(file.Cases) < 200 {
		t.Errorf("only %d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		if c.Expect != "ok" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.wantReadAndWrittenBack(t, c.Pickle)
			if c.Other.Pickle != nil {
				c.wantReadAndWrittenBack(t, c.Other.Pickle)
			}
		})
	}
}

func (c *pickled) wantReadAndWrittenBack(t *testing.T, data []byte) {
	t.Helper()
	v, err := pickle.Loads(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := py.Native(v); !py.Equal(got, value(t, c.Value)) {
		t.Errorf("read otherwise than %.500s:\n%.500s", c.Value, taggedText(t, got))
	}
	protocol := max(c.Protocol, 2) // older protocols are not written
	again, err := pickle.Dumps(v, protocol)
	if err != nil || protocol == c.Protocol && !bytes.Equal(again, data) {
		t.Errorf("written back as %q, %v\nwant            %q", again, err, data)
	}
	if back, err := pickle.Loads(again); err != nil || !py.Equal(back, v) {
		t.Errorf("comes back otherwise, %v", err)
	}
}
