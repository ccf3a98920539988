"""Who may come to the hub, and what they did: users and roles, sessions, tokens, one-time codes, audit."""
