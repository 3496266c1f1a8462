"""Rules of the order business."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def with_totals(orders: DataFrame) -> DataFrame:
    """Adds `total`: the amount with tax, in euros."""
    return orders.withColumn("total", F.round(F.col("amount") * (1 + F.col("tax_rate")), 2))


def large(orders: DataFrame, threshold: float = 1000.0) -> DataFrame:
    """Orders above `threshold` euros."""
    return orders.where(F.col("total") > threshold)
