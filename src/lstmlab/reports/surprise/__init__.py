"""How surprising a text is to a model, as a page, in a notebook, as a table."""

from lstmlab.reports.surprise.surprise import Surprise

__all__ = ["Surprise"]
