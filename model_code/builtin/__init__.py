"""SageMaker's built-in Image Classification (ResNet on MXNet) as another road to a classifier, to compare ours with."""
