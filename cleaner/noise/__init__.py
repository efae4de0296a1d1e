"""Noise in plain text: navigation, related links, teasers, widgets, forms, credits. Pure.

line.py       what one line looks like
pack.py       rule packs: YAML data with reasons and examples
page.py       a page: its lines, what packs found, the article's zone
neighbour.py  doubled titles, link lists, teasers after the end
frame.py      menus and footers around the article
judge.py      the decision on each line
glance.py     a compiled first look at all lines of a batch
suspects.py   the pages of a batch that need judging
"""
