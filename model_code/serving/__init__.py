"""What stands behind ``overread serve``: the application, the line that films wait in, metrics and logs."""
