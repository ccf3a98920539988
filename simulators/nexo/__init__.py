"""The parts of the simulated nexo terminal: behaviour, desk with its books, answers, and the HTTP server."""
