"""Runs a script, or the text of a program, and leaves at once when it is done.

    python run.py SCRIPT ARGUMENT...
    python run.py -c PROGRAM ARGUMENT...

The libraries that the tests ask (pyarrow, deltalake, DuckDB, polars) each bring threads of their
own. When Python ends in the usual way, the destructors of one now and then meet the threads of
another, and the process is aborted after all has been said ("terminate called without an active
exception"). What the program did is known by then: its exit code is given without these.
"""

import os
import runpy
import sys
import traceback


def exit_code() -> int:
    """Of the program, by Python's own rules."""
    try:
        if sys.argv[1] == "-c":
            program = sys.argv[2]
            sys.argv[:] = ["-c", *sys.argv[3:]]
            exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
        else:
            script = sys.argv[1]
            sys.argv[:] = sys.argv[1:]
            sys.path[0] = os.path.dirname(os.path.abspath(script))
            runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


code = exit_code()
try:
    sys.stdout.flush()
    sys.stderr.flush()
finally:
    os._exit(code)
