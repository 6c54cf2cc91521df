"""Live experiments: who takes part, and how two rankings become one page. Pure."""
