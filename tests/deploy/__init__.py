"""The dashboards and rules of deploy/, held against a running service and a real Prometheus."""
