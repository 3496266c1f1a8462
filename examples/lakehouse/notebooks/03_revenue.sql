-- Databricks notebook source
-- MAGIC %md
-- MAGIC # 3. Revenue by month

-- COMMAND ----------

-- DBTITLE 1,Monthly revenue
CREATE OR REPLACE TABLE IDENTIFIER(:catalog || '.gold.revenue') AS
SELECT
  date_trunc('MONTH', ordered_at) AS month,
  country,
  sum(amount) AS revenue
FROM IDENTIFIER(:catalog || '.silver.orders')
GROUP BY ALL

-- COMMAND ----------

-- DBTITLE 1,Newest month first
SELECT * FROM IDENTIFIER(:catalog || '.gold.revenue') ORDER BY month DESC, revenue DESC
