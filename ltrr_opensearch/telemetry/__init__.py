"""What operators see of running searches beside the metrics: logs, the slow-search log, spans."""
