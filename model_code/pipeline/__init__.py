"""The whole line of a model on one machine: the pipeline that CDK deploys, executed step by step in SageMaker-shaped folders."""
