# Databricks notebook source
# MAGIC %md
# MAGIC # 1. Ingest orders
# MAGIC
# MAGIC Loads the files that the shop drops every night into the bronze layer.

# COMMAND ----------

# MAGIC %run ./setup/catalogs

# COMMAND ----------

# DBTITLE 1,Read what is new
from pyspark.sql import functions as F

landing = f"/Volumes/{catalog}/landing/orders"

new_orders = (
    spark.readStream.format("cloudFiles")
    .option("cloudFiles.format", "json")
    .option("cloudFiles.schemaLocation", f"{landing}/_schema")
    .load(landing)
    .withColumn("ingested_at", F.current_timestamp())
)

# COMMAND ----------

# DBTITLE 1,Write to bronze
(
    new_orders.writeStream.option("checkpointLocation", f"{landing}/_checkpoint")
    .trigger(availableNow=True)
    .toTable(f"{bronze}.orders")
)
