package py_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// TestTruthIsPythons expects the results of bool(value) in CPython 3.11. A nil pointer
// and a Go value exist only in Go.
func TestTruthIsPythons(t *testing.T) {
	t.Parallel()
	decimal := func(s string) py.Decimal {
		d, err := py.ParseDecimal(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	truths := map[bool]map[string]any{
		false: {
			"None": nil, "False": false, "0": int64(0), "a long 0": new(big.Int), "0.0": 0.0, "-0.0": math.Copysign(0, -1),
			"0j": complex128(0), "Decimal('0.00')": decimal("0.00"), "Decimal('-0')": decimal("-0"), "''": "", "b''": py.Bytes(""),
			"a str of Python 2": py.Str2(""), "timedelta(0)": py.TimeDelta{}, "[]": py.NewList(), "()": py.NewTuple(),
			"{}": py.NewDict(0), "set()": py.NewSet(), "frozenset()": py.NewFrozenSet(), "bytearray()": &py.ByteArray{},
			"Decimal('0') as it is pickled": call("decimal.Decimal", "0"),
			"a nil pointer":                 (*py.List)(nil),
		},
		true: {
			"True": true, "-1": int64(-1), "a long": big.NewInt(1), "0.1": 0.1, "nan": math.NaN(), "1j": complex(0, 1),
			"Decimal('0.01')": decimal("0.01"), "Decimal('NaN')": decimal("NaN"), "' '": " ", "b'0'": py.Bytes("0"),
			"a str of Python 2": py.Str2("a"), "timedelta(microseconds=-1)": py.TimeDeltaOf(-time.Microsecond),
			"[None]": py.NewList(nil), "(0,)": py.NewTuple(int64(0)), "{None}": py.NewSet(nil), "frozenset({0})": py.NewFrozenSet(int64(0)),
			"bytearray(1)": &py.ByteArray{Bytes: []byte{0}}, "time(0)": py.Time{}, "UUID(int=0)": py.UUID{}, "date(1, 1, 1)": py.Date{Year: 1, Month: 1, Day: 1},
			"an object": call("shop.Empty"), "a class": &py.Global{Module: "builtins", Name: "int"},
			"a Go value": struct{}{},
		},
	}
	for want, values := range truths {
		for name, v := range values {
			if py.Truth(v) != want {
				t.Errorf("%s is %v", name, !want)
			}
		}
	}
}
