"""Indexes: what finished runs keep, so that later texts can be compared with it.

description   what index.json says: parameters, versions, runs, segments
segment       the files of one build or add: documents with their sets, and sorted band keys
lookup        an open index: near-copies of given texts, each by exact Jaccard
corpus        the texts of a finished run
store         build, add, compact: written aside, then named by index.json
benchmarks    n-grams of benchmark files, in memory: what a corpus must not hold
"""
