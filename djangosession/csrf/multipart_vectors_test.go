package csrf_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// multipartVectors is the output of testdata/multipart.py.
type multipartVectors struct {
	Releases []string `json:"releases"`
	Cases    []struct {
		Name   string               `json:"name"`
		Type   string               `json:"type"`
		Limits [3]int64             `json:"limits"` // DATA_UPLOAD_MAX_MEMORY_SIZE, _NUMBER_FIELDS and _NUMBER_FILES; -1 is None
		Body   [][2]json.RawMessage `json:"body"`   // texts and their numbers of repetitions
		Status []int                `json:"status"` // by release
	} `json:"cases"`
}

func TestMultipartFormsAreAnsweredAsByEachRelease(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/multipart.json")
	if err != nil {
		t.Fatal(err)
	}
	var v multipartVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for i, release := range v.Releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			for _, c := range v.Cases {
				if c.Status[i] == http.StatusInternalServerError { // an error in Django
					continue
				}
				s := newSite(t, release, func(s *djangosession.Settings) {
					s.DataUploadMaxMemorySize, s.DataUploadMaxNumberFields, s.DataUploadMaxNumberFiles = c.Limits[0], c.Limits[1], c.Limits[2]
				})
				r := post(t, "csrftoken="+secret, nil)
				body := bodyOf(t, c.Body)
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
				r.Header["Content-Type"] = []string{asBytes(c.Type)}
				if res := s.serve(r, http.HandlerFunc(fine)); res.Code != c.Status[i] {
					t.Errorf("%s: status %d, want %d: %s", c.Name, res.Code, c.Status[i], s.log.String())
				}
			}
		})
	}
}

// bodyOf joins the pieces of a body.
func bodyOf(t *testing.T, pieces [][2]json.RawMessage) string {
	t.Helper()
	var b strings.Builder
	for _, piece := range pieces {
		var text string
		var n int
		if err := json.Unmarshal(piece[0], &text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(piece[1], &n); err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Repeat(asBytes(text), n))
	}
	return b.String()
}

// asBytes turns each character into a byte.
func asBytes(text string) string {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		b = append(b, byte(r))
	}
	return string(b)
}
