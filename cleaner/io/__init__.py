"""Files in and out: inputs, schemas, commits, the exchange, the published output."""
