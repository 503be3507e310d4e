"""The same steps on SageMaker, started from a laptop (extra ``cloud``)."""
