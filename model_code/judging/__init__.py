"""Judging a model: from scores on held-out films to figures with intervals, a verdict and an evidence pack.

What stands on disk between the steps, all of it without names, numbers or paths of people:

- ``evaluate --report DIR`` writes ``metrics.json``, ``reliability.svg`` and ``scores.parquet`` (``scores.py``);
- ``gate --report DIR`` writes ``gate.json`` (``verdict.py``); its ``verdict`` is ``passed`` or ``refused``. In a pipeline the
  step ``gate`` runs with ``--record`` and so always ends well; the condition ``verdict`` looks into ``gate.json``. Its input
  ``champion`` is the pipeline parameter ``Champion``: the address of a bundle's ``model.tar.gz``; by default that of an asset,
  a zip of one file that holds ``contract.NO_CHAMPION`` (SageMaker takes no empty address);
- ``evidence --report DIR`` writes ``evidence.html``, ``evidence.json``, ``sbom.cdx.json``, ``SHA256SUMS`` and ``pack.json``,
  whose ``sha256`` is that of ``SHA256SUMS`` and so of the whole pack; registration and approval record it.
"""
