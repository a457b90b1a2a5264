"""Where messages come from: Kafka and Pub/Sub."""
