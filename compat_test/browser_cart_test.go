package compat_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// quantity is how many packets of a tea the page of the cart shows.
func (p *tab) quantity(sku string) int {
	p.t.Helper()
	return p.number("#line-" + sku + " output")
}

// count is how many packets each page says there are in the cart.
func (p *tab) count() int {
	p.t.Helper()
	return p.number("#cart-count")
}

func (p *tab) number(selector string) int {
	p.t.Helper()
	first, _, _ := strings.Cut(p.text(selector), "\n")
	n, err := strconv.Atoi(strings.Fields(first)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func browseOneCart(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.open("/")
	for range 2 { // before there is a session, and after
		visitor.press("form[action='/add/mint/'] button")
		visitor.isAt("/", "Django")
	}
	visitor.press("form[action='/add/assam/'] button")
	visitor.press("nav a[href='/cart/']")
	visitor.isAt("/cart/", "Go")
	if mint, assam := visitor.quantity("mint"), visitor.quantity("assam"); mint != 2 || assam != 1 {
		t.Errorf("Django put 2 and 1 into the cart, Go shows %d and %d", mint, assam)
	}
	if got := visitor.text(".total .price"); got != "€19.00" {
		t.Errorf("the total is %s", got)
	}
	visitor.press("#line-mint button[name=add]")
	visitor.press("#line-assam button[name=take]")
	visitor.isAt("/cart/", "Go")
	if visitor.has("#line-assam") {
		t.Error("the last packet was taken out, and the line is there still")
	}
	visitor.open("/")
	if got := visitor.count(); got != 3 {
		t.Errorf("Go left 3 packets in the cart, Django counts %d", got)
	}
	visitor.loginAtGo("ada") // the cart moves to a new key
	if got := visitor.count(); got != 3 {
		t.Errorf("after the login %d packets are in the cart", got)
	}
	visitor.press("nav a[href='/']")
	visitor.press("form[action='/add/mint/'] button")
	visitor.press("nav a[href='/cart/']")
	if got := visitor.quantity("mint"); got != 4 {
		t.Errorf("Go shows %d packets, want 4", got)
	}
	visitor.press("button[name=empty]")
	visitor.open("/")
	if got := visitor.count(); got != 0 {
		t.Errorf("Go emptied the cart, Django counts %d", got)
	}
}

// addAll has a page send a form for each of these products at the same time. It returns
// how many answers were not the page of the cart.
const addAll = `(async skus => {
	const token = document.querySelector("main [name=csrfmiddlewaretoken]").value;
	const answers = await Promise.all(skus.map(sku =>
		fetch("/cart/", {method: "POST", body: new URLSearchParams({csrfmiddlewaretoken: token, add: sku})})));
	return answers.filter(answer => !(answer.ok && answer.url.endsWith("/cart/"))).length;
})(%s)`

func browseTwoTabs(t *testing.T, e *example) {
	one := e.start(t).visit()
	one.loginAtDjango()
	one.press("form[action='/add/mint/'] button")
	two := one.another()
	one.open("/cart/")
	two.open("/cart/")

	const rounds = 5
	for round := range rounds {
		failed := make(chan int)
		for p, skus := range map[*tab]string{
			one: `["assam", "darjeeling", "earl-grey", "jasmine"]`,
			two: `["oolong", "rooibos", "sencha"]`,
		} {
			go func() {
				ctx, cancel := context.WithTimeout(p.ctx, patience)
				defer cancel()
				n, err := chromedp.Run(ctx, chromedp.Evaluate[int](fmt.Sprintf(addAll, skus), chromedp.EvalAwaitPromise))
				if err != nil {
					t.Error(err)
				}
				failed <- n
			}()
		}
		if n := <-failed + <-failed; n > 0 {
			t.Errorf("round %d: %d changes of the cart have failed", round, n)
		}
	}
	one.open("/cart/")
	one.pageKnows("ada")
	for _, sku := range []string{"assam", "darjeeling", "earl-grey", "jasmine", "oolong", "rooibos", "sencha"} {
		if got := one.quantity(sku); got != rounds {
			t.Errorf("%d of %d packets of %s are in the cart", got, rounds, sku)
		}
	}
	if got := one.quantity("mint"); got != 1 {
		t.Errorf("%d packets of what nobody touched are in the cart", got)
	}
	two.open("/")
	if got := two.count(); got != 7*rounds+1 {
		t.Errorf("Django counts %d packets", got)
	}
}

func browseForgedForm(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.open("/")
	visitor.press("form[action='/add/mint/'] button")
	visitor.open("/cart/")
	perform(visitor, "forge", chromedp.Evaluate[string](`document.querySelector("main [name=csrfmiddlewaretoken]").value = "x".repeat(64)`))
	visitor.expectComplaints("403")
	visitor.pressFor("button[name=empty]", 403)
	visitor.open("/cart/")
	if got := visitor.quantity("mint"); got != 1 {
		t.Errorf("%d packets are in the cart after a forged form", got)
	}
}

func browseOldForm(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.open("/")
	visitor.press("form[action='/add/mint/'] button")
	visitor.open("/cart/")
	shop := visitor.another()
	shop.open("/")
	visitor.another().loginAtDjango() // which replaces the token
	for p, selector := range map[*tab]string{visitor: "button[name=empty]", shop: "form[action='/add/mint/'] button"} {
		p.expectComplaints("403")
		p.pressFor(selector, 403)
	}
	visitor.open("/cart/") // a fresh form works
	visitor.press("button[name=empty]")
	if got := visitor.count(); got != 0 {
		t.Errorf("%d packets are left", got)
	}
}
