"""The pipeline that tests, builds and deploys the platform."""
