"""Message sources: Kafka and Pub/Sub."""
