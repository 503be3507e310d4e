"""The film gate: is this a picture that the model may assess at all? What is not gets reasons in place of findings."""
