"""Speech between the flat and whoever answers: decisions only. Source: P3, P6, D3; docs/protocol.md."""
