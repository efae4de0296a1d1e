"""Rules that judge a whole document by what can be counted in it, as published corpora do.

`tokens` and `repetition` count in compiled loops, `measures` brings the counts together, and
`gopher`, `c4`, `fineweb`, `refinedweb` name the rules; `catalogue` lists them. Only `cleaner.text`
is imported.
"""
