"""What a record means: pure decisions over facts and rows.

Nothing here knows the time of day, chance, a log, the environment or Kafka:
the standard library only, values in, values out.
"""
