"""Last task of the daily job: removes files that no table version needs any more."""

import sys

# A script that a job starts is given `spark`, as notebooks are; a module is not.
catalog = sys.argv[1] if len(sys.argv) > 1 else "dev_sales"
for table in ("bronze.orders", "silver.orders", "gold.revenue"):
    spark.sql(f"VACUUM {catalog}.{table}")
