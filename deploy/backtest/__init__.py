"""Projections judged on past nights, counted again in many orders."""
