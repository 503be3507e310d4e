"""The script that SageMaker's own training toolkit starts (``sagemaker_program``): ``overread train``.

The toolkit passes hyperparameters as options of the script too; they are read from where SageMaker has put them, for all ways of
starting alike.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # this script's folder; the package's modules are not to be found by their bare names
    sys.argv[1:] = ["train"]
    from model_code.__main__ import main

    main()
