"""A tokenizer a file; ``lstmlab.text.tokenizer`` has them all by name."""
