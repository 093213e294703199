"""The desk's page: the API in a browser, and a person's voice to and from a flat. Operator's guide: docs/desk-page.md."""
