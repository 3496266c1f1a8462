# Databricks notebook source
# MAGIC %md
# MAGIC # Catalog and schemas
# MAGIC
# MAGIC Run this first from every notebook of the daily job. It leaves `catalog`, `bronze`, `silver` and `gold`.

# COMMAND ----------

dbutils.widgets.text("catalog", "dev_sales", "Catalog")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

# DBTITLE 1,Schemas
bronze, silver, gold = (f"{catalog}.{schema}" for schema in ("bronze", "silver", "gold"))
for schema in (bronze, silver, gold):
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
