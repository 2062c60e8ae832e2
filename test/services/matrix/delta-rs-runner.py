"""Runs Python over Delta tables with delta-rs: a JSON request a line comes in, a JSON answer a line goes out."""

import json
import os
import sys
import urllib.parse

from deltalake import DeltaTable, Field, QueryBuilder, Schema, write_deltalake
from deltalake.schema import ArrayType, PrimitiveType, StructType

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def query(sql, path=None):
    builder = QueryBuilder()
    if path is not None:
        builder.register("t", DeltaTable(path))
    return builder.execute(sql).read_all()


def schema(not_null=(), at="timestamp"):
    """Of the tables of the matrix, and of what is written to them."""
    types = {
        "id": PrimitiveType("long"),
        "region": PrimitiveType("string"),
        "name": PrimitiveType("string"),
        "amount": PrimitiveType("decimal(12,2)"),
        "at": PrimitiveType(at),
        "tags": ArrayType(PrimitiveType("string"), True),
        "point": StructType([Field("x", PrimitiveType("long"), nullable=True)]),
    }
    return Schema([Field(name, type, nullable=name not in not_null) for name, type in types.items()])


def physical(path, column):
    """The column's name in files and in stats."""
    field = next(field for field in DeltaTable(path).schema().fields if field.name == column)
    return field.metadata.get("delta.columnMapping.physicalName", column)


def answer(request):
    path = request["path"]
    try:
        if "sql" in request:
            found = query(request["sql"], path)
            columns = [found.column(at).to_pylist() for at in range(found.num_columns)]
            return {"rows": [[None if value is None else str(value) for value in row] for row in zip(*columns)]}
        scope = {
            "DeltaTable": DeltaTable,
            "Field": Field,
            "PrimitiveType": PrimitiveType,
            "schema": schema,
            "write_deltalake": write_deltalake,
            "os": os,
            "urllib": urllib,
            "path": path,
            "version": request.get("version"),
            "physical": lambda column: physical(path, column),
            "table": lambda: DeltaTable(path),
            "rows": lambda start, end, name: query(request["sources"][f"{start} {end} {name}"]),
        }
        exec(request["python"], scope)
        return {"rows": []}
    except BaseException as error:
        return {"error": f"{type(error).__name__}: {error}"[:2000]}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], **answer(request)}), file=answers, flush=True)
