"""The parts of the cleaning of novels: see ``lstmlab.text.novel``."""
