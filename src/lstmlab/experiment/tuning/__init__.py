"""Searching for the best options: Optuna chooses the trials, each is trained as a trial of a sweep is.

``space`` says what is searched, ``sampler`` draws from it, ``search`` is the study that all processes share, ``worker``
is one of these processes, ``trials`` writes the study as a sweep, ``cost`` counts steps.
"""
