"""Small things that are drawn and touched. They are given their values; they know no page, no app, no configuration."""
