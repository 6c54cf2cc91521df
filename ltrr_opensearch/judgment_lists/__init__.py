"""Judgment lists in the forms in which people keep them: TREC qrels, Quepid, Search Relevance Workbench."""
