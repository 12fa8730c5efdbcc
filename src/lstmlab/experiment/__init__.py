"""Jobs: what ``lstmlab JOB`` does, from a composed configuration.

Hydra and OmegaConf are imported here and by the command line only.
"""
