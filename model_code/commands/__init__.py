"""The command line's words: options and help of each verb. Light: what a verb needs is imported when it runs."""
