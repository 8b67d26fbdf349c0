"""The domain maps of one tissue by all methods: read, compared, joined. No truth is used."""
