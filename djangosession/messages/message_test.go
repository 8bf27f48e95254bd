package messages_test

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

func TestTemplatesEscapeWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	page := template.Must(template.New("").Parse(`{{range .}}{{.Message}} {{.}} {{.Level}} {{.LevelTag}};{{end}}`))
	var b strings.Builder
	err := page.Execute(&b, messages.List{{Level: 30, Text: "<i>"}, {Level: 30, Text: "<b>", Safe: true}})
	if want := "&lt;i&gt; &lt;i&gt; 30 ;<b> &lt;b&gt; 30 ;"; err != nil || b.String() != want {
		t.Errorf("%s, %v, want %s", b.String(), err, want)
	}
}

func TestNoMessagesAreAnEmptyJSONList(t *testing.T) {
	t.Parallel()
	for _, list := range []messages.List{nil, {}} {
		if b, err := json.Marshal(map[string]any{"messages": list}); err != nil || string(b) != `{"messages":[]}` {
			t.Errorf("%s, %v", b, err)
		}
	}
}

func TestLevelsOfASiteAndOfARequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", func(s *djangosession.Settings) {
		s.MessageLevel = messages.LevelSuccess
		s.MessageTags = map[int]string{messages.LevelError: "danger", 50: "fatal"}
	}, djangosession.Options{})
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		for _, err := range []error{
			messages.Debug(ctx, "below"), messages.Info(ctx, "below"), messages.Success(ctx, "success"), messages.Success(ctx, ""),
			messages.SetLevel(ctx, messages.LevelDebug), messages.Debug(ctx, "debug"),
			messages.SetLevel(ctx, messages.LevelWarning), messages.Success(ctx, "below"),
			messages.Warning(ctx, "warning"), messages.Error(ctx, "error"), messages.Add(ctx, messages.Message{Level: 50, Text: "fatal"}),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	var got []string
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		list, err := messages.Show(r.Context())
		if err != nil {
			t.Error(err)
		}
		for _, m := range list {
			got = append(got, m.Text+":"+m.Tags())
		}
	})
	if want := "success:success debug:debug warning:warning error:danger fatal:fatal"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %s", got, want)
	}
}

// The results are those of Message.tags in Django 6.1.3.
func TestTagsKeepTheSpacesOfExtraTags(t *testing.T) {
	t.Parallel()
	const untagged = 45
	for _, c := range []struct {
		level       int
		extra, want string
	}{
		{messages.LevelInfo, "", "info"},
		{messages.LevelInfo, "a", "a info"},
		{messages.LevelInfo, " a", " a info"},
		{messages.LevelInfo, " ", "  info"},
		{untagged, " a ", " a "},
		{untagged, "", ""},
	} {
		s := newSite(t, "6.1.3", nil, djangosession.Options{})
		s.serve(func(_ http.ResponseWriter, r *http.Request) {
			if err := messages.Add(r.Context(), messages.Message{Level: c.level, Text: "x", ExtraTags: c.extra}); err != nil {
				t.Error(err)
			}
			list, err := messages.Show(r.Context())
			if err != nil || len(list) != 1 || list[0].Tags() != c.want {
				t.Errorf("%+v: %+v, %v", c, list, err)
			}
		})
	}
}

func TestMessagesThatAreKeptAreShownAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, "6.1", nil, djangosession.Options{})
	s.add(http.StatusOK, "one")
	s.serve(func(_ http.ResponseWriter, r *http.Request) {
		store, err := messages.From(r.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Show(r.Context()); err != nil || !store.Shown() {
			t.Errorf("shown %v, %v", store.Shown(), err)
		}
		store.Keep()
		if err := store.Add(r.Context(), messages.Message{Level: 20, Text: "two"}); err != nil || store.Shown() {
			t.Errorf("shown %v, %v", store.Shown(), err)
		}
	})
	s.wantShown("one", "two")
}

func TestMiddlewareWithoutAHandlerPanicsAtOnce(t *testing.T) {
	t.Parallel()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "messages: Messages.Middleware: nil") {
			t.Errorf("panicked with %q", text)
		}
	}()
	newSite(t, "6.1", nil, djangosession.Options{}).Middleware(nil)
}
