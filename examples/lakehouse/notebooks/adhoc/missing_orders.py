# Databricks notebook source
# MAGIC %md
# MAGIC # Where did the orders of last night go?
# MAGIC
# MAGIC Ask the Jobs API which run it was: `curl -H 'Authorization: Bearer dkeac0ffee0ddba11f00dfacade5decafbad' …`

# COMMAND ----------

# MAGIC %run ../setup/catalog.py

# COMMAND ----------

# DBTITLE 1,Orders by hour
hours = {row.hour: row.orders for row in spark.table(f"{silver}.orders_by_hour").collect()}  # brickgate: ignore[collect-to-driver] 24 rows
print(f"{sum(hours.values())} orders, none in {sorted(set(range(24)) - set(hours))}")

# COMMAND ----------

# DBTITLE 1,Everything, to look at it in pandas
orders = spark.table(f"{silver}.orders").toPandas()

# COMMAND ----------

# DBTITLE 1,Were they quarantined?
display(spark.table(f"{sliver}.quarantine"))
