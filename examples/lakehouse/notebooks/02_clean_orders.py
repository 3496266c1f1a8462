# Databricks notebook source
# quarantine helpers
# MAGIC %run ./setup/quality

# COMMAND ----------

# DBTITLE 1,Deduplicate
from pyspark.sql import Window
from pyspark.sql import functions as F

latest = Window.partitionBy("order_id").orderBy(F.col("ingested_at").desc())
orders = (
    spark.table(f"{bronze}.orders")
    .withColumn("rank", F.row_number().over(latest))
    .where("rank = 1")
    .drop("rank")
)

# COMMAND ---------

# DBTITLE 1,Quarantine, then publish
orders = reject(orders, "amount < 0", "negative amount")
orders = reject(orders, "customer_id IS NULL", "no customer")
orders.write.mode("overwrite").saveAsTable(f"{silver}.orders")

# COMMAND ----------

# DBTITLE 1,Tell the job what happened
rejected = spark.table(f"{silver}.quarantine").count()
dbutils.jobs.taskValues.set(key="rejected", value=rejected)
