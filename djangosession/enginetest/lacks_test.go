package enginetest_test

import (
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// lackVariable names the field of Lacks that TestDeclared declares.
const lackVariable = "DJANGOSESSION_ENGINETEST_LACK"

// TestDeclared runs the suite on an engine that can do everything, and declares something
// else. It is run by TestEnginesThatDeclareTooMuchFail in another process.
func TestDeclared(t *testing.T) {
	t.Parallel()
	lack := os.Getenv(lackVariable)
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		store, err := memory.New(s)
		if err != nil {
			t.Fatal(err)
		}
		b := enginetest.Backend{Engine: store, SetRow: func(_ *testing.T, key, text string, expire time.Time) bool {
			store.SetRow(key, text, expire)
			return true
		}}
		if lack != "" {
			reflect.ValueOf(&b.Lacks).Elem().FieldByName(lack).SetBool(true)
		}
		return b
	})
}

func TestEnginesThatDeclareTooMuchFail(t *testing.T) {
	t.Parallel()
	for field := range reflect.TypeFor[enginetest.Lacks]().Fields() {
		lack := field.Name
		t.Run(lack, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDeclared$/^USE_TZ$/(lacks|backend)")
			cmd.Env = append(os.Environ(), lackVariable+"="+lack)
			output, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(output), "Lacks."+lack) {
				t.Errorf("error %v, and the output does not name Lacks.%s:\n%s", err, lack, output)
			}
		})
	}
}
