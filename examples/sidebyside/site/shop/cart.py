"""The cart, which is part of the session: "cart:mint" is the number of packets of mint.

The session has one value per product rather than one dict for all products. The Go service stores only the values that
a request has changed, so it keeps products that another tab has put into the cart at the same time.
"""

PREFIX = "cart:"


def add(session, sku):
    session[PREFIX + sku] = session.get(PREFIX + sku, 0) + 1


def count(session):
    return sum(n for key, n in session.items() if key.startswith(PREFIX))


def context(request):
    """Return the variables that every template may use."""
    return {"cart_count": count(request.session)}
