# Databricks notebook source
# MAGIC %run ./catalog

# COMMAND ----------

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def reject(df: DataFrame, condition: str, reason: str) -> DataFrame:
    """Rows of `df` that meet `condition` go to the quarantine table; the others come back."""
    bad = df.where(condition).withColumn("reason", F.lit(reason))
    bad.write.mode("append").saveAsTable(f"{silver}.quarantine")
    return df.where(f"NOT ({condition})")
