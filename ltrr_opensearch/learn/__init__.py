"""The learning jobs: from decisions and events to published parts. Never imports `proxy`."""
