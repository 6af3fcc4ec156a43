"""What the end-to-end tests stand on: processes, providers, upstreams, browsers."""
