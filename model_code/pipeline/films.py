"""The films of a run: a folder of this machine, at an address in S3 until they are prepared."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from model_code.contract import Verb
from model_code.errors import OverreadError, UsageError
from model_code.pipeline.record import RunRecord
from model_code.pipeline.store import Store

FILMS: Final = "Films"
"""The pipeline's parameter with the S3 prefix of the films."""
TABLE: Final = "manifest.csv"
"""What the pipeline reads."""
PARQUET: Final = "manifest.parquet"
"""What ``overread synthesize`` writes."""


def check_table(films: Path) -> None:
    """Whether a folder has what the pipeline reads.

    Raises:
        UsageError: it holds no table.
    """
    if not any((films / table).is_file() for table in (TABLE, PARQUET)):
        raise UsageError(f"no {TABLE} in '{films}'; to draw phantoms there: overread synthesize --out {films}")


def lend(run: RunRecord, store: Store) -> None:
    """Gives a run's folder of films its address, with its table as the pipeline reads it.

    It is done anew whenever the run goes on, because the folder may have been mended since; but not once the films are prepared.

    Raises:
        UsageError: the folder holds no table any more.
        OverreadError: its table cannot be read.
    """
    if run.films is None or Verb.PREPARE.value in run.done():
        return
    films, address = Path(run.films), run.parameters[FILMS]
    check_table(films)
    store.lend(address, films)
    if not (films / TABLE).is_file():
        import pandas as pd

        try:
            table = pd.read_parquet(films / PARQUET).to_csv(index=False)
        except Exception as error:  # pyarrow and pandas raise many types for a broken file
            raise OverreadError(
                f"'{films / PARQUET}' cannot be read as a table ({type(error).__name__}); write it again"
            ) from error
        store.write(f"{address}/{TABLE}", table.encode())
