package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The cart is part of the session: "cart:mint" is the number of packets of mint; see
// site/shop/cart.py.
const cartPrefix = "cart:"

// cents is a price.
type cents int

func (c cents) String() string { return fmt.Sprintf("€%d.%02d", c/100, c%100) }

// line is a product in the cart.
type line struct {
	SKU, Name       string
	Hue, Quantity   int
	Price, Subtotal cents
}

// quantities returns the number of packets of each product in the cart.
func quantities(s *djangosession.Session) (map[string]int, error) {
	found := map[string]int{}
	for _, name := range s.Keys() {
		sku, isCart := strings.CutPrefix(name, cartPrefix)
		if !isCart {
			continue
		}
		n, err := djangosession.Value[int](s, name)
		if err != nil {
			return nil, err
		}
		found[sku] = n
	}
	return found, nil
}

// put adds packets to the cart, or takes some out.
func put(s *djangosession.Session, sku string, packets int) error {
	name := cartPrefix + sku
	if s.Contains(name) {
		before, err := djangosession.Value[int](s, name)
		if err != nil {
			return err
		}
		packets += before
	}
	if packets > 0 {
		s.Set(name, packets)
		return nil
	}
	return remove(s, sku)
}

// remove takes a product out of the cart.
func remove(s *djangosession.Session, sku string) error {
	if !s.Contains(cartPrefix + sku) {
		return nil
	}
	return s.Delete(cartPrefix + sku)
}

// lines returns the products in a cart, from Django's table.
func (s *service) lines(ctx context.Context, cart map[string]int) (lines []line, total cents, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT sku, name, hue, price FROM shop_product ORDER BY name")
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close() //nolint:errcheck // it was only read
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.SKU, &l.Name, &l.Hue, &l.Price); err != nil {
			return nil, 0, err
		}
		if l.Quantity = cart[l.SKU]; l.Quantity > 0 {
			l.Subtotal = l.Price * cents(l.Quantity)
			total += l.Subtotal
			lines = append(lines, l)
		}
	}
	return lines, total, rows.Err()
}

// sells reports whether the shop has this product.
func (s *service) sells(ctx context.Context, sku string) (there bool, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM shop_product WHERE sku = ?)", sku).Scan(&there)
	return there, err
}
