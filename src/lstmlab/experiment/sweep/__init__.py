"""Sweeps: what is varied, which trials that makes, and running those that are missing.

``definition`` says what is varied, ``planning`` makes trials of it, ``sweeping`` runs them through one of Hydra's
launchers: ``trial_runner`` is called by the launcher, once a trial, and starts ``trial_process``, which trains.
"""
