package messages

import (
	"context"
	"html/template"
)

// Add adds a message, for the next page that shows messages. A message below the level of
// the request, or without text, is ignored. An error means that the message will not be
// shown: [ErrNoMiddleware], [ErrNotInstalled], [ErrTooLarge], [ErrUnreadable], [ErrText],
// [djangosession.ErrHeaderSent], [djangosession.ErrReadOnly], a
// [*djangosession.SettingError], or an error of the session. Matches add_message.
func Add(ctx context.Context, m Message) error {
	s, err := From(ctx)
	if err != nil {
		return err
	}
	return s.Add(ctx, m)
}

// Debug adds a message of [LevelDebug], which is ignored unless MESSAGE_LEVEL or
// [SetLevel] allow it. The error is that of [Add]. Matches debug.
func Debug(ctx context.Context, text string) error {
	return Add(ctx, Message{Level: LevelDebug, Text: text})
}

// Info adds a message of [LevelInfo]. The error is that of [Add]. Matches info.
func Info(ctx context.Context, text string) error {
	return Add(ctx, Message{Level: LevelInfo, Text: text})
}

// Success adds a message of [LevelSuccess]. The error is that of [Add]. Matches success.
func Success(ctx context.Context, text string) error {
	return Add(ctx, Message{Level: LevelSuccess, Text: text})
}

// Warning adds a message of [LevelWarning]. The error is that of [Add]. Matches warning.
func Warning(ctx context.Context, text string) error {
	return Add(ctx, Message{Level: LevelWarning, Text: text})
}

// Error adds a message of [LevelError]. The error is that of [Add]. Matches error.
func Error(ctx context.Context, text string) error {
	return Add(ctx, Message{Level: LevelError, Text: text})
}

// Show returns the messages for this page, oldest first, among them those that this
// request has added. The response removes them, so that no other page shows them again.
// Call Show before writing the response: later, the error is
// [djangosession.ErrHeaderSent]. Other errors are those of [Add]. In read-only mode the
// messages remain, for Django to show and remove. Matches iterating over get_messages.
func Show(ctx context.Context) (List, error) {
	s, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return s.Show(ctx)
}

// SetLevel sets the lowest level that [Add] does not ignore in this request, in place of
// MESSAGE_LEVEL. The error is that of [From]. Matches set_level.
func SetLevel(ctx context.Context, level int) error {
	s, err := From(ctx)
	if err == nil {
		s.SetLevel(level)
	}
	return err
}

// FuncMap returns the function "messages" for templates, which is [Show]: it is called
// only if the template uses it.
//
//	{{range messages}}<li class="{{.Tags}}">{{.Message}}</li>{{end}}
//
// Execute such a template into a buffer, not into the response, because its first part
// would send the header before the function is called. To parse a template, any context
// is enough; before executing it, replace the function with that of the request:
//
//	page := template.Must(template.New("").Funcs(messages.FuncMap(context.Background())).Parse(text))
//	...
//	t, err := page.Clone()
//	err = t.Funcs(messages.FuncMap(r.Context())).Execute(&buffer, data)
func FuncMap(ctx context.Context) template.FuncMap {
	return template.FuncMap{"messages": func() (List, error) { return Show(ctx) }}
}
