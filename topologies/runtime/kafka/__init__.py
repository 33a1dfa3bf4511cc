"""The one door to the Kafka client: nobody else sees a `confluent_kafka` type or exception."""
