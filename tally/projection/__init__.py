"""What the count will probably come to: statistics, kept apart from everything that decides.

Nothing here is certain and nothing that decides imports it. Places (what is known beforehand) and facts (what
is counted now) go in, a projection comes out: `projector.Projector`. One file an estimator; docs/projection.md.
"""
