"""Makes its steps with delta-rs, each again until it is not overtaken; the n-th carries the txn n of the writer."""

import json
import sys

from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

folder, writer, steps_file = sys.argv[1:]
overtaken = 0


def rows(step):
    values = ", ".join(f"('{row['id']}', CAST({row['seq']} AS BIGINT), '')" for row in step["rows"])
    return QueryBuilder().execute(f"SELECT * FROM (VALUES {values}) AS v(id, seq, note)").read_all()


def perform(n, step):
    commit = CommitProperties(app_transactions=[Transaction(writer, n)])
    table = DeltaTable(folder)
    if step["kind"] == "append":
        write_deltalake(table, rows(step), mode="append", commit_properties=commit)
    elif step["kind"] == "merge":
        merge = table.merge(rows(step), "t.id = s.id", "s", "t", commit_properties=commit)
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
    elif step["kind"] == "delete":
        if table.delete(f"seq = {step['seq']}", commit_properties=commit)["num_deleted_rows"] == 0:
            print("nothing", n)  # it makes no commit then
    else:
        table.optimize.compact()


for n, step in enumerate(json.load(open(steps_file))):
    while True:
        try:
            perform(n, step)
            break
        except CommitFailedError:
            overtaken += 1
print("overtaken", overtaken, flush=True)
