"""A trained model as a folder that others can use: weights, configuration, vocabulary, model card, ONNX graphs."""
