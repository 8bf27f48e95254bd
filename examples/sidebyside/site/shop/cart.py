"""The cart, which is in the session: "cart:mint" is how many packets of mint.

A value for each product, rather than one dict for all: so the saves of the Go service, which store only the values that
a request has changed, keep what another tab has put into the cart at the same moment.
"""

PREFIX = "cart:"


def add(session, sku):
    session[PREFIX + sku] = session.get(PREFIX + sku, 0) + 1


def count(session):
    return sum(n for key, n in session.items() if key.startswith(PREFIX))


def context(request):
    """What every template may use."""
    return {"cart_count": count(request.session)}
