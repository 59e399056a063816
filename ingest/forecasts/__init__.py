"""Forecasts: simple models with intervals, each scored against persistence and the same hour of the days before.

What is forecast stands in `products`, which is light; everything that computes needs pandas and scikit-learn and is
imported only by the short-lived process that runs `python -m ingest.forecasts` (ingest/forecasting.py starts it).
"""
