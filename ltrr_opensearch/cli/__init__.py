"""The commands: one file each, wiring only; heavy things are imported when a command runs."""
