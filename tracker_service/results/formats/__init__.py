"""Results in the formats of other programs, one file a format; `docs/formats.md` says what each holds."""
