"""A reader of subtitles and a stage that cuts lines of a list, as plugins of cleaner."""
