"""Chinese words as jieba cuts them: the route through the dictionary, the hidden Markov model, user dictionaries."""
