"""The Django half of djangobridge, which shares Django's sessions with services in Go."""

__version__ = "0.1.0"
