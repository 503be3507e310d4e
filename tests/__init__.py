"""Tests mirror the tree. This file is read before all of them, and so before CDK's engine starts and reads this variable."""

import os

# CDK's own template validation takes 90% of a synthesis; the test that runs the CLI turns it on
os.environ["CDK_VALIDATION"] = "false"
