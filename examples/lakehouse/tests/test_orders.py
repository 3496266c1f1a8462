from lakehouse.orders import large, with_totals
from pyspark.sql import SparkSession


def test_large_orders_are_told_by_their_total():
    spark = SparkSession.builder.master("local[1]").getOrCreate()
    orders = spark.createDataFrame([(1, 900.0, 0.19), (2, 100.0, 0.19)], "id int, amount double, tax_rate double")
    assert [row.id for row in large(with_totals(orders)).collect()] == [1]
