"""Does to a table of nuthatch's what others may do to one of Delta Lake: it appends rows, deletes some, joins its files
and writes a checkpoint of its log."""

import sys

from deltalake import DeltaTable, write_deltalake

path = sys.argv[1]
some = DeltaTable(path).to_pyarrow_table().slice(0, 3)
write_deltalake(path, some, mode="append")
DeltaTable(path).delete("weather = 'rain'")
DeltaTable(path).optimize.compact()
DeltaTable(path).create_checkpoint()
DeltaTable(path).cleanup_metadata()
print(DeltaTable(path).version())
