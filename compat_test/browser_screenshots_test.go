package compat_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// browsePhone checks that no page is wider than the smallest phones. It also takes the
// screenshots for the README if SCREENSHOTS names a folder.
func browsePhone(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.loginAtDjango()
	for _, sku := range []string{"darjeeling", "mint", "mint", "oolong"} {
		visitor.press("form[action='/add/" + sku + "/'] button")
	}
	const desk, phone = 960, 320
	for path, picture := range map[string]string{
		"/": "django-shop", "/cart/": "go-cart", "/account/": "go-account", "/login/": "", "/password/": "", "/go/login/": "",
	} {
		visitor.open(path)
		for _, width := range []int64{phone, desk} {
			perform(visitor, "resize", chromedp.EmulateViewport(width, 640))
			if got := perform(visitor, "measure", chromedp.Evaluate[int64]("document.documentElement.scrollWidth")); got > width {
				t.Errorf("%s is %d pixels wide on a screen of %d", path, got, width)
			}
			if folder := os.Getenv("SCREENSHOTS"); folder != "" && picture != "" && width == desk {
				png := perform(visitor, "photograph", chromedp.CaptureScreenshot())
				if err := os.WriteFile(filepath.Join(folder, picture+".png"), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
