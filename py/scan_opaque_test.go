package py_test

import (
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

func TestDictsDoNotFitStructsThatNoKeyReaches(t *testing.T) {
	t.Parallel()
	d := py.NewDict(1)
	d.Set("Year", int64(2026))
	for name, dst := range map[string]any{
		"date": new(py.Date), "decimal": new(py.Decimal), "list": new(*py.List), "dict by value": new(py.Dict), "timedelta": new(py.TimeDelta),
		"fraction": new(*big.Rat), "time": new(time.Time), "struct of hidden fields": new(sync.Mutex),
	} {
		if _, ok := errors.AsType[*py.ScanError](py.Scan(d, dst, nil)); !ok {
			t.Errorf("%s: a dict was stored", name)
		}
	}
	for name, dst := range map[string]any{
		"empty struct": new(struct{}), "omitted field": new(struct {
			Year int `json:"-"`
		}), "exported field": new(struct{ Year int }), "dict": new(*py.Dict),
	} {
		if err := py.Scan(d, dst, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
